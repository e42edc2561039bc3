"""What events hold: parameters, read and checked when a plan is compiled, resolved for whole columns."""
