"""Events in, tables out."""
