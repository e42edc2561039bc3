"""trialsim."""
