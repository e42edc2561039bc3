"""Expressions: read once, checked against the kinds of what they read, computed for whole columns."""
