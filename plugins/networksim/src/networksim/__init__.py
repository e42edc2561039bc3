"""networksim."""
