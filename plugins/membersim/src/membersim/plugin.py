"""Every offer that membersim makes."""
