"""Running a plan: chunks on one process or several, files staged and put in place, the manifest."""
