"""What a run leaves in its folder: tables, parts, the manifest, and how all of it is put in place."""
