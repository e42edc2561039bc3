"""The patterns that need more than events, conditions and probabilities: what is chosen, and states passed through."""
