"""What is true of a person at a moment: values, conditions, treatments, circumstances, and the measures of the body."""
