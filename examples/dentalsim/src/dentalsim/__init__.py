"""DentalSim."""
