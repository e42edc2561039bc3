"""Every offer that rxmembersim makes."""
