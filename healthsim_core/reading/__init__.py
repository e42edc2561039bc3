"""Files read back by parsers, and the tables asked in SQL what they should say: the two sides of `verify`."""

from healthsim_core.reading import segments
from healthsim_core.reading.records import Records, Truth

__all__ = ["Records", "Truth", "segments"]
