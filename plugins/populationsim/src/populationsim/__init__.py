"""populationsim."""
