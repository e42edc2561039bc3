"""Distributions as a user writes them, compiled: for the tests of distributions."""

from healthsim_core.generation.distributions import compile_distribution
from healthsim_core.spec import ProfileSpecification


def compiled(written):
    """A written distribution as a profile's attribute, compiled."""
    profile = ProfileSpecification.read({"attributes": {"x": written}})
    return compile_distribution(profile.attributes["x"], "attributes.x")
