"""A run read back: files, tables, manifest and formats against each other and against the specification."""
