"""The plan of a run: what was asked, compiled, and shown before anything is made."""
