"""SDTMIG 3.4 datasets as SAS transport files, with define.xml 2.1."""

from healthsim_core import Characters, OutputFormat
from trialsim.formats.sdtm.observations import ORDERS, PRESCRIPTIONS
from trialsim.formats.sdtm.reading import count_rows, read_datasets
from trialsim.formats.sdtm.writer import SdtmWriter
from trialsim.tables import SUBJECT_TABLES

# the others are text, in UTF-8; cells are cut and filled by their length
CHARACTERS = Characters("\\x00-\\x1f\\x7f-\\x9f\u2028\u2029")

SDTM = OutputFormat(
    "sdtm_datasets",
    SdtmWriter,
    needs=("core.person", *(table.name for table in SUBJECT_TABLES)),
    wants=("core.condition", ORDERS, PRESCRIPTIONS),
    records=read_datasets,
    rows=count_rows,
    characters=CHARACTERS,
    description="SDTMIG 3.4 datasets as SAS transport files (XPT v5), with define.xml 2.1.",
)

__all__ = ["SDTM"]
