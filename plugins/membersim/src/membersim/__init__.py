"""membersim."""
