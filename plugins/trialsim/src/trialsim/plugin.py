"""Every offer that trialsim makes."""
