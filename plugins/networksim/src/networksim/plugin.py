"""Every offer that networksim makes."""
