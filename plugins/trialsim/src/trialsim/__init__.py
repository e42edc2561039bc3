"""TrialSim: clinical trials of the same people as everywhere, from consent to SDTM datasets.

Example:
    >>> from trialsim import generate
    >>> generate(count=2).tables["trialsim.subject"].num_rows
    2
"""

from healthsim_core import product_generate

__all__ = ["generate"]
__version__ = "0.1.0"

generate = product_generate(
    "trialsim",
    "Generate people who ask to join a trial, and what the trial makes of them.",
    profile="trial-diabetes-adults",
    journey="trial_participation",
)
