"""Reference data: bundled facts, datasets that plugins offer, and `healthsim init`."""
