"""Events of a trial in, tables out."""
