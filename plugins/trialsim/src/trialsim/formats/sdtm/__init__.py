"""SDTMIG 3.4 datasets as SAS transport files, with define.xml 2.1."""

from healthsim_core import OutputFormat
from trialsim.formats.sdtm.observations import ORDERS, PRESCRIPTIONS
from trialsim.formats.sdtm.reading import read_datasets
from trialsim.formats.sdtm.writer import SdtmWriter
from trialsim.tables import SUBJECT_TABLES

SDTM = OutputFormat(
    "sdtm_datasets",
    SdtmWriter,
    needs=("core.person", *(table.name for table in SUBJECT_TABLES)),
    wants=("core.condition", ORDERS, PRESCRIPTIONS),
    records=read_datasets,
    description="SDTMIG 3.4 datasets as SAS transport files (XPT v5), with define.xml 2.1.",
)

__all__ = ["SDTM"]
