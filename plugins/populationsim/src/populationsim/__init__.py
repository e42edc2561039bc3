"""PopulationSim: people as a county's published facts describe them, and the communities they live in.

Example:
    >>> from populationsim import generate
    >>> generate("harris-county-residents", count=2).tables["populationsim.county"]["name"].to_pylist()
    ['Harris County']
"""

from healthsim_core import product_generate

__all__ = ["generate"]
__version__ = "0.1.0"

generate = product_generate(
    "populationsim", "Generate people of a place and the facts of their communities.", profile="harris-county-residents"
)
