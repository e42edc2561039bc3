"""The DuckDB file: opened for reading and for writing, told from other files,
and cleared of what killed processes left."""
