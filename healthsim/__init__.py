"""HealthSim: the user's door."""
