"""TrialSim's file formats."""

from trialsim.formats.sdtm import SDTM

FORMATS = (SDTM,)

__all__ = ["FORMATS", "SDTM"]
