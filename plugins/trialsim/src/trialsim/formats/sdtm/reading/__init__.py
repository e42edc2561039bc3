"""The datasets and define.xml read back: by parsers of their own, beside what SQL says they should hold."""

from trialsim.formats.sdtm.reading.folder import count_rows, read_datasets

__all__ = ["count_rows", "read_datasets"]
