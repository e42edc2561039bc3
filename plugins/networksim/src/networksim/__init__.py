"""NetworkSim: the clinicians, facilities and pharmacies of every county, and who cares for whom.

Example:
    >>> from networksim import generate
    >>> generate("rural-network-members", count=2).tables["networksim.attribution"].num_rows
    2
"""

from healthsim_core import product_generate

__all__ = ["generate"]
__version__ = "0.1.0"

generate = product_generate(
    "networksim", "Generate people, the network of their counties, and who cares for whom.", profile="network-members"
)
