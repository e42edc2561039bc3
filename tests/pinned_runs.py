"""Eight small runs that are pinned: `python tests/pinned_runs.py` writes the digests of all they make to tests/pinned/.

A changed digest is a decision: the commit that renews it says why. `--compare` writes nothing, and names what differs,
whatever the versions of libraries.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from healthsim import generate
from healthsim_core.planning.versions import LIBRARIES

ROOT = Path(__file__).parents[1]
PINNED = ROOT / "tests" / "pinned"
ENTERPRISE = ["fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0"]
RUNS: dict[str, dict[str, Any]] = {
    "mothers": {
        "profile": "expectant-mother", "journey": ["pregnancy-journey", "chronic-management"], "count": 20, "seed": 3,
        "output_formats": ENTERPRISE,
    },
    "seniors": {
        "profile": "medicare-diabetic", "journey": ["diabetic-first-year", "polypharmacy-year"], "count": 15,
        "seed": 42,
        "output_formats": ENTERPRISE,
    },
    "families": {"profile": "commercial-family", "journey": "member-year", "count": 25, "seed": 42,
                 "output_formats": ENTERPRISE},
    "oswald": {"scenario": ROOT / "examples" / "oswald_family.json", "seed": 3},
    "trial": {
        "profile": "trial-diabetes-adults", "journey": "trial-participation", "count": 15, "seed": 3,
        "output_formats": ["sdtm_datasets", "fhir_bundle"],
    },
    "county": {
        "profile": "harris-county-residents", "journey": ["primary-care-year", "social-needs-outreach"], "count": 30,
        "seed": 42,
        "output_formats": ENTERPRISE,
    },
    "network": {
        "profile": "network-members", "journey": "specialist-referral-pattern", "count": 15, "seed": 3,
        "output_formats": ENTERPRISE,
    },
    "dental": {"profile": "dental-adults", "journey": "dental-year", "count": 15, "seed": 42,
               "output_formats": ["dental_list", "x12_834"]},
}  # fmt: skip


def digests(name: str, out: Path) -> dict[str, Any]:
    """What the run makes: of tables the digests of values, of other files those of bytes;
    and the versions of libraries."""
    generate(**RUNS[name], out=out)
    listed = json.loads((out / "manifest.json").read_bytes())
    files = {file["path"]: file.get("values", file["sha256"]) for file in listed["files"]}
    files["validation.json"] = hashlib.sha256((out / "validation.json").read_bytes()).hexdigest()
    return {"versions": libraries(listed["versions"]), "files": dict(sorted(files.items()))}


def libraries(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions of libraries among those of a run."""
    return {library: versions[library] for library in LIBRARIES}


def pinned(name: str) -> dict[str, Any]:
    """The digests that stand."""
    found: dict[str, Any] = json.loads((PINNED / f"{name}.json").read_text(encoding="utf-8"))
    return found


def changed(name: str, now: Mapping[str, str]) -> list[str]:
    """The tables and files of a run that are not as they are pinned."""
    then = pinned(name)["files"]
    return sorted(path for path in now.keys() | then.keys() if now.get(path) != then.get(path))


def main() -> int:
    """Write the digests of some runs, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(RUNS), help="which of them; all by default")
    parser.add_argument("--to", type=Path, default=PINNED, help="the folder of digests")
    parser.add_argument("--compare", action="store_true", help="name what differs from the digests that stand")
    asked = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.names:
            found = digests(name, Path(scratch, name))
            if asked.compare:
                wrong += len(changed(name, found["files"]))
                print(name, *(changed(name, found["files"]) or ["the same"]))
            else:
                asked.to.mkdir(parents=True, exist_ok=True)
                (asked.to / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
