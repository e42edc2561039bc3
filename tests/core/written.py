"""Distributions as a user writes them, compiled: for the tests of distributions."""

from hypothesis import strategies as st

from healthsim_core.distributions import compile_distribution
from healthsim_core.spec import ProfileSpecification
from healthsim_core.spec.bounds import LEAST


def amounts(low, high):
    """Numbers that a document may hold: none that are nearly, but not quite, 0."""
    return st.floats(low, high).map(lambda number: number if abs(number) >= LEAST else 0.0)


def compiled(written):
    """A written distribution as a profile's attribute, compiled."""
    profile = ProfileSpecification.read({"attributes": {"x": written}})
    return compile_distribution(profile.attributes["x"], "attributes.x")
