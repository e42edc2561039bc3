"""Running a plan: parts made by one process or several, then put in place with a manifest."""
