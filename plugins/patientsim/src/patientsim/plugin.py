"""Every offer that patientsim makes."""
