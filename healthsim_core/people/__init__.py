"""People: from what a profile states to the columns of everybody."""
