"""X12 files read back by a parser of their guides, and compared with what the tables say."""

from .claims import read_claims
from .enrollments import read_enrollments
from .remittances import read_remittances

__all__ = ["read_claims", "read_enrollments", "read_remittances"]
