"""Skills: clinical knowledge in Markdown documents with tables, resolved for whole columns."""
