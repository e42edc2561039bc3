"""PatientSim: the clinical record of people, from visit to hospital stay.

Example:
    >>> from patientsim import generate
    >>> generate("adult-wellness", count=2).tables["patientsim.patient"].num_rows
    2
"""

from healthsim_core import product_generate

__all__ = ["generate"]
__version__ = "0.1.0"

generate = product_generate("patientsim", "Generate patients and their records.", profile="diabetic-senior")
