"""From specifications to people, timelines and records."""
