"""What a manifest says, in the form that every run gives it: of one that somebody sent,
nothing of another form is believed."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from healthsim_core.formats.folder import Folder, own_path

Count = Annotated[int, Field(ge=0, lt=2**63)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Day = Annotated[str, AfterValidator(lambda text: datetime.date.fromisoformat(text).isoformat())]


class _Form(BaseModel):
    model_config = ConfigDict(strict=True)


class _File(_Form):
    format: str
    part: Count | None
    path: Annotated[str, AfterValidator(own_path)]
    rows: Count
    bytes: Count
    sha256: Digest
    values: Digest | None = None

    @model_validator(mode="after")
    def _lies_in_its_format(self) -> _File:
        if "/" not in self.path or self.path.split("/")[0] != self.format:
            raise ValueError("it is not a file of its format")
        return self


class _Part(_Form):
    number: Count
    start: Count
    stop: Count
    rows: Count
    plan_hash: str
    sha256: Digest


class _Listing(_Form):
    name: str
    spec: dict[str, Any]
    spec_hash: str
    seed: int
    as_of: Day
    versions: dict[str, str]
    digest: str
    values: str
    parts: list[_Part]
    files: list[_File]


def read_listing(folder: Folder, path: str) -> dict[str, Any]:
    """The manifest that a folder holds.

    Args:
        folder: The folder.
        path: The manifest's path in it.

    Raises:
        ValueError: It is none of ours.
    """
    listing: dict[str, Any] = folder.read_json(path)
    TypeAdapter(_Listing).validate_python(listing)
    return listing
