"""One digit or letter changed at random in a file of a run: does what `verify` reads back contradict the tables?

`python tests/integration/changed.py FORMAT [--count 1000] [--seed 1]` prints how many of the changes were found,
and the others.
"""

from __future__ import annotations

import argparse
import random
import shutil
import string
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from healthsim import generate
from healthsim_core.testing import contradictions

KINDS = (string.digits, string.ascii_uppercase, string.ascii_lowercase)
RUNS = {
    "sdtm_datasets": ("trial-diabetes-adults", ["trial_participation"]),
    "dental_list": ("dental-adults", ["dental-year"]),
}
USUAL = ("expectant-mother", ["pregnancy_journey", "diabetes-drug-therapy", "chronic-management"])


def made(name: str, out: Path, count: int = 12) -> Path:
    """A run that writes the format."""
    profile, journey = RUNS.get(name, USUAL)
    generate(profile=profile, journey=journey, count=count, seed=3, output_formats=[name], out=out)
    return out


def changes(out: Path, name: str, count: int, seed: int) -> Iterator[tuple[Path, int, bytes]]:
    """Places in the format's files, each equally likely by byte, and what stands there instead:
    another of the same kind."""
    chance = random.Random(seed)
    files = [(path, path.read_bytes()) for path in sorted((out / name).rglob("*")) if path.is_file()]
    sizes = [len(content) for _, content in files]
    while count:
        path, content = chance.choices(files, sizes)[0]
        at = chance.randrange(len(content))
        kind = next((letters for letters in KINDS if chr(content[at]) in letters), None)
        if kind is not None:
            yield path, at, chance.choice(kind.replace(chr(content[at]), "")).encode()
            count -= 1


def is_found(out: Path, name: str, path: Path, at: int, letter: bytes) -> bool:
    """Whether what `verify` asks of the format fails once the change is made; it is undone afterwards."""
    content = path.read_bytes()
    path.write_bytes(content[:at] + letter + content[at + 1 :])
    try:
        return bool(contradictions(out, name))
    # of a file that was damaged, a reader may say anything; `verify` says that it cannot be read back
    except Exception:
        return True
    finally:
        path.write_bytes(content)


def missed(name: str, out: Path, count: int, seed: int) -> list[str]:
    """The changes that are not found, each with what stands around it."""
    found = []
    for path, at, letter in changes(out, name, count, seed):
        if not is_found(out, name, path, at, letter):
            content = path.read_bytes()
            before, here, after = content[max(at - 60, 0) : at], content[at : at + 1], content[at + 1 : at + 30]
            found.append(f"{path.name} at {at:,}: {before!r} [{here!r} to {letter!r}] {after!r}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    scratch = Path(tempfile.mkdtemp())
    out = made(asked.format, scratch / "out")
    lost = missed(asked.format, out, asked.count, asked.seed)
    shutil.rmtree(scratch)
    print(*lost, f"{asked.format}: {asked.count - len(lost):,} of {asked.count:,} changes found", sep="\n")
    sys.exit(len(lost) > asked.count * 0.05)


if __name__ == "__main__":
    main()
