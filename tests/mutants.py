"""How many small mistakes in the code the tests find: cosmic-ray makes the mistakes, in a copy of the tree.

python tests/mutants.py [--sample N] [NAME ...]

A name is a target (`timeline`), or a mutant as it is printed (`healthsim_core/patterns/timing.py:70:8:Lt_LtE`). Needs
cosmic-ray: `nox -s mutants` brings it. Left out are mistakes that say nothing about a test: in annotations and in
messages, and those of cosmic-ray's kinds that nearly always crash, such as `<<` in place of `+`.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import difflib
import importlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from cosmic_ray.commands import init
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).parent.parent
CORE, MEMBERSIM = "healthsim_core", "plugins/membersim"
SEED = 1  # of samples and of hypothesis: the same mutants and the same examples every time
PATIENCE = 10  # times as long as the tests take; a mutant that takes longer is found
LIBRARIES = (
    "hypothesis.strategies",
    "scipy.special",
    "pyarrow.parquet",
    "duckdb",
    "pydantic",
    "rich.console",
    "simple_icd_10_cm",
)
OPTIONS = ("-x", "--hypothesis-profile=mutants", f"--hypothesis-seed={SEED}", "-p", "no:cacheprovider")

_COMPARISONS = "Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is"
_ARITHMETIC = (
    "Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_FloorDiv|Pow_Mul"
    "|BitAnd_BitOr|BitOr_BitAnd|BitXor_BitAnd|LShift_RShift|RShift_LShift"
)
_KINDS = re.compile(
    rf"core/(?:ReplaceComparisonOperator_({_COMPARISONS})|ReplaceBinaryOperator_({_ARITHMETIC})|ReplaceUnaryOperator_(Delete_\w+)"
    r"|(AddNot|NumberReplacer|Replace(?:And|Or|True|False|Break|Continue)With\w+|ExceptionReplacer|ZeroIterationForLoop))"
)


@attrs.frozen
class Target:
    """Modules, and the tests that ought to find what is wrong in them, the fastest first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "expressions": Target(
        (f"{CORE}/expressions/expression.py", f"{CORE}/expressions/checking.py"),
        (
            "tests/core/test_expressions.py",
            "tests/core/test_expression_kinds.py",
            "tests/core/test_expressions_properties.py",
        ),
    ),
    "distributions": Target(
        (f"{CORE}/distributions/*.py",),
        tuple(f"tests/core/test_distributions{part}.py" for part in ("", "_refused", "_correlated", "_kinds")),
    ),
    "timeline": Target(
        (f"{CORE}/timeline/*.py", f"{CORE}/patterns/timing.py"),
        tuple(
            f"tests/core/test_{name}.py"
            for name in (
                "journeys_delays",
                "journeys",
                "endings",
                "seasons",
                "start_days",
                "leftovers",
                "plan_text",
                "coded_events",
                "journeys_patterns",
            )
        ),
    ),
    "ledger": Target(
        tuple(f"{CORE}/benefits/{name}.py" for name in ("plans", "accounts", "posting", "openings", "ledger")),
        tuple(f"tests/core/test_{name}.py" for name in ("benefit_plans", "ledger")),
    ),
    "plans": Target(
        (f"{CORE}/designs/*.py", f"{CORE}/spec/plan.py"),
        tuple(f"tests/core/test_{name}.py" for name in ("plan_documents", "plan_laws", "own_plans")),
    ),
    "adjudication": Target(
        tuple(
            f"{MEMBERSIM}/src/membersim/{name}.py"
            for name in ("pricing", "handlers/adjudication", "handlers/duplicates", "handlers/ledger")
        ),
        tuple(
            f"{MEMBERSIM}/tests/test_membersim_{name}.py"
            for name in ("accumulators", "pricing", "duplicates", "stays", "claims")
        ),
    ),
}


@attrs.frozen
class Result:
    """What became of a target's mutants."""

    target: str
    mutants: int
    survivors: int

    def __str__(self) -> str:
        found = self.mutants - self.survivors
        return f"{self.target:15} {self.mutants:8,} {found:8,} {found / max(self.mutants, 1):8.1%}"


def name_of(mutant: MutationSpec) -> str:
    """What a mutant is called: where it is, and what is changed."""
    kind = _KINDS.fullmatch(mutant.operator_name)
    assert kind is not None
    change = next(filter(None, kind.groups()))
    line, column = mutant.start_pos
    sign = "+-"[mutant.occurrence % 2] * (change == "NumberReplacer")
    return f"{mutant.module_path.as_posix()}:{line}:{column + 1}:{change}{sign}"


def mutants_of(target: Target, scratch: Path) -> list[MutationSpec]:
    """All mutants of a target that may say something about its tests, in the order of the code."""
    modules = sorted(path for pattern in target.modules for path in Path().glob(pattern))
    database = WorkDB(scratch / "mutants.sqlite", WorkDB.Mode.create)
    init(modules, database, {})
    found = [
        mutant for item in database.work_items for mutant in item.mutations if _KINDS.fullmatch(mutant.operator_name)
    ]
    database.close()
    aside = {module: list(_left_out(ast.parse(module.read_text(encoding="utf-8")))) for module in modules}
    kept = [each for each in found if not any(start <= each.start_pos < end for start, end in aside[each.module_path])]
    return sorted(kept, key=lambda each: (str(each.module_path), each.start_pos, each.operator_name, each.occurrence))


def _left_out(tree: ast.AST) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=part) | ast.AnnAssign(annotation=part) | ast.FunctionDef(returns=part) if (
                part is not None
            ):
                yield _extent(part)
            case ast.Raise() | ast.JoinedStr():
                yield _extent(node)


def _extent(node: ast.expr | ast.stmt) -> tuple[tuple[int, int], tuple[int, int]]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def survivors(mutants: list[MutationSpec], tests: tuple[str, ...]) -> Iterator[str]:
    """The mutants with which the tests pass, as they are found."""
    began = time.monotonic()
    if not passes(tests, 0):
        sys.exit(f"They fail without a mutant too; make them pass first: pytest {' '.join(tests)}")
    limit = max(30, round(PATIENCE * (time.monotonic() - began)))
    for mutant in mutants:
        with use_mutation(mutant.module_path, get_operator(mutant.operator_name)(), mutant.occurrence) as (
            before,
            after,
        ):
            if passes(tests, limit):
                changed = [
                    line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[:1] in ("-", "+")
                ]
                yield "\n".join([name_of(mutant), *(f"    {line[0]} {line[1:].strip()}" for line in changed)])


def passes(tests: tuple[str, ...], limit: int) -> bool:
    """Whether tests pass within a limit of seconds, 0 for none: in a fork, which has libraries imported,
    and nothing of ours."""
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1), os.dup2(silence, 2)
        try:
            os._exit(pytest.main([*OPTIONS, *tests]))
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def chosen(name: str, scratch: Path, sample: int | None, wanted: set[str]) -> list[MutationSpec]:
    """The mutants of a target that are to be made: all, or those that are wanted by their names, or a sample."""
    if wanted and not any(_is_of(name, each) for each in wanted):
        return []
    mutants = mutants_of(TARGETS[name], scratch)
    if wanted and name not in wanted:
        mutants = [mutant for mutant in mutants if name_of(mutant) in wanted]
    return mutants if sample is None else random.Random(SEED).sample(mutants, min(sample, len(mutants)))


def _is_of(target: str, wanted: str) -> bool:
    return wanted == target or any(Path(wanted.split(":")[0]).match(module) for module in TARGETS[target].modules)


def run(name: str, mutants: list[MutationSpec]) -> Result:
    """What becomes of a target's mutants; those that nobody finds are printed."""
    left = 0
    for survivor in survivors(mutants, TARGETS[name].tests) if mutants else ():
        print(survivor, flush=True)
        left += 1
    return Result(name, len(mutants), left)


def copy_tree(copy: Path) -> None:
    """The files of the checkout, as they are now, and compiled; those that Git ignores stay behind."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for each in filter(None, listed.split("\0")):
        if (ROOT / each).is_file():
            (copy / each).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / each, copy / each)
    compileall.compile_dir(copy, quiet=2)


def main() -> None:
    """Run it, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, metavar="N", help="so many mutants of each target, always the same ones")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these targets or mutants")
    given = parser.parse_args()
    wanted = set(given.names)
    for each in sorted(wanted):
        if not any(_is_of(target, each) for target in TARGETS):
            parser.error(f'"{each}" is no target, and no mutant of one. Targets: {", ".join(TARGETS)}.')
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "copy")
        copy_tree(copy)
        os.chdir(copy)
        # before what is installed from the checkout
        sys.path[:1] = map(str, [copy, *sorted(copy.glob("plugins/*/src"))])
        sys.dont_write_bytecode = True  # two changes within a second would have the same time
        for library in LIBRARIES:
            importlib.import_module(library)
        mutants = {name: chosen(name, Path(scratch), given.sample, wanted) for name in TARGETS}
        unknown = wanted - TARGETS.keys() - {name_of(mutant) for each in mutants.values() for mutant in each}
        if unknown and given.sample is None:
            parser.error(
                f"There is no mutant {', '.join(sorted(unknown))}: perhaps the code has changed since it was printed."
            )
        results = [run(name, each) for name, each in mutants.items()]
        os.chdir(ROOT)
    print(f"\n{'target':15} {'mutants':>8} {'found':>8} {'share':>8}")
    print(*(result for result in results if result.mutants), sep="\n")


if __name__ == "__main__":
    main()
