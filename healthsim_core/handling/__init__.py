"""Hand a chunk's events to the products, and their priced lines to the ledger."""
