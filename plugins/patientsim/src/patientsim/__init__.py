"""patientsim."""
