"""Every offer that populationsim makes."""
