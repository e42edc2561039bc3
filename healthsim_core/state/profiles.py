"""Saved profiles: every version is a row that is never changed."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import attrs

from healthsim_core.calls import checked_call
from healthsim_core.catalog import default_catalog
from healthsim_core.database.file import NOW, database_path, first_row, reading, writing
from healthsim_core.designs.own import read_own_plans
from healthsim_core.errors import StateError, UnknownNameError, canonical, suggestion
from healthsim_core.planning.given import folder_of
from healthsim_core.spec.profile import ProfileSpecification
from healthsim_core.state.record import canonical_json, digest

_SAME = "replace(lower(name), '_', '-') = ?"  # as `canonical` compares names
_COLUMNS = "name, version, description, spec_hash, created_at"


@attrs.frozen
class ProfileVersion:
    """A version of a saved profile.

    Attributes:
        name: The profile's name.
        version: 1 for the first, 2 for the next.
        description: What the profile says of itself.
        spec_hash: Digest of its content.
        created_at: When it was saved (UTC).
    """

    name: str
    version: int
    description: str
    spec_hash: str
    created_at: datetime.datetime


@checked_call()
def save_profile(name: str, spec: Any, database: Path | str | None = None) -> int:
    """Save a profile under a name (- and _ alike, without regard to case).

    Args:
        name: The profile's name.
        spec: A `ProfileSpecification`, a mapping, or the path of a JSON file.
        database: The database's path; None for the default one.

    Returns:
        The version: a new one, or the latest where that says the same already.

    Raises:
        SpecificationError: It is not a profile.
        UnknownNameError: A text names no file.
        StateError: The name is empty or a template's, or the database refuses.
    """
    if not name or not name.strip():
        raise StateError("a profile needs a name.", "profile", "Give one.")
    _refuse_name(name)
    _refuse_template(spec)
    profile = ProfileSpecification.read(spec).model_copy(deep=True)
    read_own_plans(profile, folder_of(spec), default_catalog())
    plain = profile.model_dump(mode="json", by_alias=True, exclude_unset=True)
    content, identity = canonical_json(plain), digest(plain)
    with writing(database) as connection:
        sql = f"SELECT name, version, spec_hash FROM healthsim.profile WHERE {_SAME} ORDER BY version DESC LIMIT 1"
        latest = first_row(connection, sql, [canonical(name)])
        if latest and latest[2] == identity:
            return int(latest[1])
        named, version = (latest[0], latest[1] + 1) if latest else (name.strip(), 1)
        description = profile.description or profile.name
        connection.execute(
            f"INSERT INTO healthsim.profile VALUES (?, ?, ?, ?, ?, {NOW})",
            [named, version, description, identity, content],
        )
    return int(version)


@checked_call()
def load_profile(name: str, version: int | None = None, database: Path | str | None = None) -> ProfileSpecification:
    """A saved profile; the latest version, or the one that is asked for.

    Raises:
        StateError: There is no such profile or version.
    """
    sql = f"SELECT version, spec FROM healthsim.profile WHERE {_SAME} ORDER BY version"
    with reading(database) as connection:
        versions = dict(connection.execute(sql, [canonical(name)]).fetchall())
    if not versions:
        raise _no_profile(name, database)
    if version is not None and version not in versions:
        known = f"It has {', '.join(map(str, versions))}."
        raise StateError(f'the profile "{name}" has no version {version}.', str(database_path(database)), known)
    return ProfileSpecification.read(json.loads(versions[version if version is not None else max(versions)]), name)


@checked_call()
def profile_versions(name: str, database: Path | str | None = None) -> list[ProfileVersion]:
    """Every version of a saved profile, the first one first.

    Raises:
        StateError: There is no such profile.
    """
    sql = f"SELECT {_COLUMNS} FROM healthsim.profile WHERE {_SAME} ORDER BY version"
    with reading(database) as connection:
        rows = connection.execute(sql, [canonical(name)]).fetchall()
    if not rows:
        raise _no_profile(name, database)
    return [ProfileVersion(*row) for row in rows]


@checked_call()
def list_profiles(database: Path | str | None = None) -> list[ProfileVersion]:
    """The latest version of every saved profile, by name."""
    return search_profiles("", database)


@checked_call()
def search_profiles(text: str, database: Path | str | None = None) -> list[ProfileVersion]:
    """The latest versions whose name, description or content (a code, a place, a lab) holds `text`, in any case."""
    sql = f"""SELECT {_COLUMNS} FROM healthsim.profile
              QUALIFY row_number() OVER (PARTITION BY name ORDER BY version DESC) = 1
                  AND contains(lower(concat_ws(chr(10), name, description, spec)), lower(?)) ORDER BY name"""
    with reading(database) as connection:
        return [ProfileVersion(*row) for row in connection.execute(sql, [text]).fetchall()]


def _refuse_name(name: str) -> None:
    template = default_catalog().profiles.get(canonical(name.strip()))
    if template is not None:
        what = f'"{name}" is the name of a template of {template.product}: which of the two is meant could not be told.'
        raise StateError(what, "profile", f'Choose another name, such as "my-{canonical(name.strip())}".')
    if "@" in name or "/" in name or name.strip().endswith(".json"):
        raise StateError(f'"{name}" reads as a version or a file.', "profile", 'Leave out "@", "/" and ".json".')


def _refuse_template(spec: Any) -> None:
    if isinstance(spec, str) and canonical(spec) in default_catalog().profiles:
        remedy = (
            f"`healthsim profiles save NAME {spec}` saves it; in Python, give what a product's templates "
            "hold under that name."
        )
        raise UnknownNameError(f'no file is called "{spec}": it is a template.', "spec", remedy)


def _no_profile(name: str, database: Path | str | None) -> StateError:
    hint = suggestion(name, [profile.name for profile in list_profiles(database)])
    return StateError(
        f'no saved profile is called "{name}".', str(database_path(database)), hint or "None is saved there."
    )
