"""Households: their members, the rows of a chunk's people, who may be whose child, and the steps that make them."""
