# /// script
# dependencies = ["nox"]
# ///
"""The project's sessions: `./uvw run nox -l` lists them, `./uvw run nox -s tests` runs what CI runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2024.4"
nox.options.default_venv_backend = "none"  # `uv run` has made the environment; only `alone` makes one of its own
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).parent
UV = os.environ.get("UV", "uv")  # `uv run` says which it is: perhaps one that is not on PATH
DRIVERS = ("pytest==9.2.0", "hypothesis==6.155.2", "s3fs==2026.9.0", "gcsfs==2026.10.1", "adlfs==2026.8.0")
EMULATORS = ("moto[server]==5.2.5", "gcp-storage-emulator==2026.7.19")  # and Azurite, of npm
AZURITE = "azurite@3.35.0"
COSMIC_RAY = "cosmic-ray==8.7.0"  # of the session `mutants` alone
FEW_TESTS = ("tests/core/test_dates.py", "tests/core/test_draws.py")
KEPT_VARIABLES = r"(?i)CERT|CA_BUNDLE|CAINFO|INDEX|FIND_LINKS|PROXY"  # how this machine reaches its indexes
PRODUCTS = ("patientsim", "membersim", "rxmembersim", "trialsim", "populationsim", "networksim")

PYTHONS = ("3.11", "3.12", "3.13")
TESTS_OF_PYTHONS = (
    "tests/core/test_columns.py", "tests/core/test_draws.py", "tests/core/test_expressions.py",
    "tests/core/test_distributions.py", "tests/core/test_conformance.py", "tests/core/test_plugins.py", "examples",
)  # fmt: skip

FORMATS = (
    "fhir_r4", "fhir_bundle", "hl7v2_adt", "x12_834", "x12_837", "x12_835", "ncpdp_d0", "sdtm_datasets", "dental_list",
)  # fmt: skip


@nox.session
def tests(session: nox.Session) -> None:
    """Every test, on all cores, then lint, types, the example, and each product alone; arguments go to pytest,
    alone then."""
    session.run("pytest", *(session.posargs or ["-n", "auto", "--dist", "worksteal"]))
    if not session.posargs:
        for name in ("lint", "types", "example", *(f"alone(product='{product}')" for product in PRODUCTS)):
            session.notify(name)


@nox.session
def standards(session: nox.Session) -> None:
    """Every validator over every message of the large runs: half an hour."""
    session.run(
        "pytest",
        "tests/integration/test_standards.py",
        "-n",
        "auto",
        *session.posargs,
        env={"HEALTHSIM_ALL_MESSAGES": "1"},
    )


@nox.session
def replay(session: nox.Session) -> None:
    """Lives of 2,000 households in every journey and mixture, replayed one event at a time: two hours of one core."""
    session.run(
        "pytest",
        "tests/integration/test_plain_replay.py",
        "-n",
        "auto",
        *session.posargs,
        env={"HEALTHSIM_ALL_LIVES": "1"},
    )


@nox.session
@nox.parametrize("product", PRODUCTS)
def alone(session: nox.Session, product: str) -> None:
    """Core and one product from their wheels, in an environment of their own: import, generate, every format."""
    with tempfile.TemporaryDirectory() as scratch:
        environment, wheels = (
            Path(scratch, "environment"),
            _wheels(session, scratch, "healthsim-core", f"healthsim-{product}"),
        )
        session.run(UV, "venv", "--quiet", str(environment), external=True)
        python = str(environment / "bin" / "python")
        session.run(
            UV,
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--constraints",
            _constraints_in(scratch),
            *wheels,
            external=True,
        )
        session.run(python, str(ROOT / "tests" / "alone.py"), product, external=True, env={"PYTHONPATH": ""})


@nox.session
def spark(session: nox.Session) -> None:
    """The executor spark makes the same bytes, also where a worker is killed; needs Java.
    In an environment of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        python = _environment_with(session, scratch, ".[spark]")
        session.run(python, str(ROOT / "tests" / "integration" / "spark_run.py"), external=True, env={"PYTHONPATH": ""})


@nox.session
def ray(session: nox.Session) -> None:
    """Two nodes of Ray on this machine: they share the output folder, or the run is refused."""
    session.run(
        "python", str(ROOT / "tests" / "integration" / "ray_run.py"), env={"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    )


@nox.session
def stores(session: nox.Session) -> None:
    """S3, Google's store and Azure get the same bytes, on servers of this machine; Azure's needs npm.
    In an environment of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        python = _environment_with(session, scratch, ".[ray]", *DRIVERS, *EMULATORS)
        if shutil.which("npm"):
            session.run(
                "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", scratch, AZURITE, external=True
            )
        path = os.pathsep.join([str(Path(scratch, "node_modules", ".bin")), os.environ["PATH"]])
        tests = [*(session.posargs or ["-rs", "--durations", "5"]), "tests/integration/test_object_stores.py"]
        # or Ray's workers would be of uv's environment
        own = {"PYTHONPATH": "", "PATH": path, "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
        session.run(python, "-m", "pytest", *tests, external=True, env=own)


@nox.session
def changes(session: nox.Session) -> None:
    """How many of a thousand changes of one digit or letter `verify` finds in each format;
    arguments replace the formats."""
    for name in session.posargs or FORMATS:
        session.run("python", str(ROOT / "tests" / "integration" / "changed.py"), name)


@nox.session
def aarch64(session: nox.Session) -> None:
    """The pinned runs on an emulated aarch64: the same values and text; needs qemu-user-static and debootstrap,
    and takes minutes."""
    for needed in ("qemu-aarch64-static", "debootstrap", "dpkg-deb"):
        if not shutil.which(needed):
            session.error(f"{needed} is missing: install qemu-user-static and debootstrap.")
    with tempfile.TemporaryDirectory() as scratch:
        system, site = Path(scratch, "system"), Path(scratch, "site")
        wheels = _wheels(
            session, scratch, "healthsim-core", *(f"healthsim-{product}" for product in PRODUCTS), "dentalsim"
        )
        debian = ("--download-only", "--arch=arm64", "--variant=minbase", "--include=python3", "bookworm")
        session.run("debootstrap", *debian, str(system), external=True, silent=True)
        for package in sorted(system.glob("var/cache/apt/archives/*.deb")):
            session.run("dpkg-deb", "-x", str(package), str(system), external=True, log=False)
        target = (
            "--python-platform",
            "aarch64-unknown-linux-gnu",
            "--python-version",
            "3.11",
            "--only-binary",
            ":all:",
        )
        where = ("--target", str(site), "--constraints", _constraints_in(scratch))
        session.run(UV, "pip", "install", "--quiet", *target, *where, *wheels, external=True)
        emulated = ("qemu-aarch64-static", "-L", str(system), str(system / "usr" / "bin" / "python3.11"))
        own = {"PYTHONPATH": str(site), "HEALTHSIM_DATABASE": str(Path(scratch, "none.duckdb"))}
        session.run(*emulated, str(ROOT / "tests" / "pinned_runs.py"), "--compare", external=True, env=own)


@nox.session
def lowest(session: nox.Session) -> None:
    """The lowest versions that are declared make the same values and text of the pinned runs.
    In an environment of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = Path(scratch, "environment")
        folders = [ROOT, *(ROOT / "plugins" / name for name in PRODUCTS), ROOT / "examples" / "dentalsim"]
        session.run(UV, "venv", "--quiet", "--no-config", str(environment), external=True)
        python = str(environment / "bin" / "python")
        with session.chdir(scratch):  # the project's own constraints are of the highest
            lowest = ("--no-config", "--resolution", "lowest-direct", *map(str, folders))
            session.run(UV, "pip", "install", "--quiet", "--python", python, *lowest, external=True)
        own = {"PYTHONPATH": "", "HEALTHSIM_DATABASE": str(Path(scratch, "none.duckdb"))}
        session.run(python, str(ROOT / "tests" / "pinned_runs.py"), "--compare", external=True, env=own)


@nox.session
def pythons(session: nox.Session) -> None:
    """The pinned runs and some tests with each Python: the same values and text; arguments are versions.
    Each in an environment of its own; uv fetches a Python that is missing."""
    for version in session.posargs or PYTHONS:
        with tempfile.TemporaryDirectory() as scratch:
            environment = Path(scratch, "environment")
            own = {"PYTHONPATH": "", "HEALTHSIM_DATABASE": str(Path(scratch, "none.duckdb"))}
            synced = {**own, "UV_PROJECT_ENVIRONMENT": str(environment)}
            session.run(UV, "sync", "--quiet", "--python", version, external=True, env=synced)
            python = str(environment / "bin" / "python")
            session.run(python, str(ROOT / "tests" / "pinned_runs.py"), "--compare", external=True, env=own)
            session.run(python, "-m", "pytest", "-q", "-n", "0", *TESTS_OF_PYTHONS, external=True, env=own)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff."""
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict on the core, the products and the example."""
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, without warnings."""
    session.run("mkdocs", "build", "--strict", *session.posargs)  # with --quiet, warnings would pass


@nox.session
def example(session: nox.Session) -> None:
    """The Oswald family, end to end, and read back."""
    with tempfile.TemporaryDirectory() as scratch:
        database = str(Path(scratch, "example.duckdb"))
        out = str(Path(scratch, "oswald"))
        session.run("healthsim", "run", "examples/oswald_family.json", "--out", out, "--database", database)
        session.run("healthsim", "verify", out)


@nox.session
def first_minute(session: nox.Session) -> None:
    """The README's two commands, each twice on a clean clone of its own, with a bare system and an empty home.

    Of the second only a few tests run; `-- whole` runs all of it, other arguments go to pytest.
    """
    run, tests = re.findall(r"^    (\./uvw .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    if session.posargs != ["whole"]:
        tests = shlex.join([*shlex.split(tests), "--", *(session.posargs or FEW_TESTS)])
    for command in (run, tests):
        with tempfile.TemporaryDirectory() as scratch:
            clone, home = Path(scratch, "clone"), Path(scratch, "home")
            home.mkdir()
            session.run("git", "clone", "--quiet", str(ROOT), str(clone), external=True)
            bare = {name: value for name, value in os.environ.items() if re.search(KEPT_VARIABLES, name)}
            bare |= {"PATH": "/usr/bin:/bin", "HOME": str(home)}
            for _ in range(2):
                with session.chdir(clone):
                    session.run("/bin/sh", "-c", command, external=True, env=bare, include_outer_env=False)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Specifications made wrong at random, thousands of them: an error or a run, never anything else."""
    session.run("pytest", "tests/fuzz", *session.posargs, env={"HEALTHSIM_FUZZ_EXAMPLES": "5000"})


@nox.session
def seeds(session: nox.Session) -> None:
    """Honest runs of many seeds, of every shipped profile and journey: `-- SEEDS PEOPLE`; all three sizes by default,
    for hours."""
    for arguments in [session.posargs] if session.posargs else [["1000", "100"], ["1000", "1000"], ["1000", "100000"]]:
        session.run("python", "tests/seeds.py", *arguments)


@nox.session
def mutants(session: nox.Session) -> None:
    """How many small mistakes in the code the tests find, and which not; hours, so `-- --sample 60`,
    and names of targets or mutants."""
    session.run(
        UV, "run", "--no-sync", "--with", COSMIC_RAY, "python", "tests/mutants.py", *session.posargs, external=True
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Speed, start-up and peak memory against their goals, stored in out/bench; --quick, --million, --only PART,
    --markdown, --check."""
    if "--check" in session.posargs:
        session.run("pytest", "tests/benchmarks/ratios.py", *(each for each in session.posargs if each != "--check"))
    else:
        session.run("python", "tests/benchmarks/bench.py", *session.posargs)


def _environment_with(session: nox.Session, scratch: str, *packages: str) -> str:
    environment = Path(scratch, "environment")
    session.run(UV, "venv", "--quiet", str(environment), external=True)
    python = str(environment / "bin" / "python")
    products = [f"./plugins/{product}" for product in PRODUCTS]
    session.run(UV, "pip", "install", "--quiet", "--python", python, *packages, *products, external=True)
    return python


def _wheels(session: nox.Session, scratch: str, *packages: str) -> list[str]:
    folder = Path(scratch, "wheels")
    for package in packages:
        session.run(UV, "build", "--quiet", "--wheel", "--package", package, "--out-dir", str(folder), external=True)
    return sorted(map(str, folder.glob("*.whl")))


def _constraints_in(scratch: str) -> str:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned: list[str] = settings["tool"]["uv"]["constraint-dependencies"]
    path = Path(scratch, "constraints.txt")
    path.write_text("\n".join(pinned), encoding="utf-8")
    return str(path)
