"""Journeys, compiled: what happens, when, to whom, and after what."""
