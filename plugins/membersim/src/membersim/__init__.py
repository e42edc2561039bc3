"""MemberSim: who is covered by which plan, their claims, and what became of them.

Example:
    >>> from membersim import generate
    >>> generate("commercial-healthy", count=2).tables["membersim.member"].num_rows
    2
"""

from healthsim_core import product_generate

__all__ = ["generate"]
__version__ = "0.1.0"

generate = product_generate(
    "membersim", "Generate members, their coverage and their claims.", profile="medicare-diabetic"
)
