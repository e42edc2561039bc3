"""Timelines: what happens to everybody, in order of time, block by block."""
