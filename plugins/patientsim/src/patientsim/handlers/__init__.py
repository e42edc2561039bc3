"""Events in, tables out: one module a theme."""
