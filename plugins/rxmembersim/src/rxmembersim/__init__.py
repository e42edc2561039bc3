"""RxMemberSim: prescriptions, pharmacy claims, and how people take their drugs.

Example:
    >>> from rxmembersim import generate
    >>> generate("rx-chronic-adult", count=2).tables["rxmembersim.cardholder"].num_rows
    2
"""

from healthsim_core import product_generate

__all__ = ["generate"]
__version__ = "0.1.0"

generate = product_generate(
    "rxmembersim", "Generate people, their prescriptions and their pharmacy claims.", profile="rx-chronic-adult"
)
