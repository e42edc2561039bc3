"""`plugins new`: what it writes passes what every plugin owes, and is small, typed and documented."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from healthsim_core.cli import main
from healthsim_core.cli.new_plugin import check_name, plugin_files, write_plugin
from healthsim_core.errors import ArgumentError

ROOT = Path(__file__).parents[2]
HEALTHSIM = ("-c", "from healthsim_core.cli import main; main()")


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new plugin, `toothsim`."""
    beside = tmp_path_factory.mktemp("new")
    return write_plugin("toothsim", beside)


def run(plugin: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where the plugin is installed."""
    info = plugin / "src" / "toothsim-0.1.0.dist-info"
    info.mkdir(exist_ok=True)
    stated = tomllib.loads((plugin / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {stated['name']}\nVersion: {stated['version']}\n", encoding="utf-8"
    )
    points = "".join(f"{name} = {module}\n" for name, module in stated["entry-points"]["healthsim"].items())
    (info / "entry_points.txt").write_text(f"[healthsim]\n{points}", encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(plugin / "src"), os.environ.get("PYTHONPATH")]))
    own = {"PYTHONPATH": path, "HEALTHSIM_DATABASE": str(plugin.parent / "none.duckdb")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=plugin, env={**os.environ, **own}, check=False)


def sources(plugin: Path) -> list[Path]:
    return sorted(plugin.rglob("*.py"))


def refusal(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What `plugins new NAME` says, which exits with 2."""
    with pytest.raises(SystemExit) as ended:
        main(["plugins", "new", name])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_a_new_plugin_keeps_what_every_plugin_owes(plugin: Path) -> None:
    done = run(plugin, *HEALTHSIM, "plugins", "check", "toothsim")
    assert (done.returncode, "FAIL" in done.stdout, "ok   it states its api" in done.stdout) == (0, False, True)


def test_a_new_plugins_own_tests_pass(plugin: Path) -> None:
    done = run(plugin, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout


def test_a_new_plugins_profile_runs(plugin: Path) -> None:
    done = run(plugin, *HEALTHSIM, "generate", "--profile", "toothsim-adults", "--count", "30", "--out", "out")
    assert "validation passed" in done.stdout, done.stdout + done.stderr
    listed = json.loads((plugin / "out" / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert [file["rows"] > 0 for file in listed if file["path"].startswith("tables/toothsim.visit")] == [True]


def test_a_new_plugins_journey_runs(plugin: Path) -> None:
    asked = ("--profile", "toothsim-adults", "--journey", "toothsim-year", "--count", "5", "--out", "out/journey")
    done = run(plugin, *HEALTHSIM, "generate", *asked)
    assert done.returncode == 0, done.stderr


def test_a_new_plugin_is_typed_strictly(plugin: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    done = run(plugin, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache"), "src", "tests")
    assert done.returncode == 0, done.stdout


def test_a_new_plugin_has_fewer_than_sixty_lines_of_python(plugin: Path) -> None:
    lines = [line for path in sources(plugin) for line in path.read_text(encoding="utf-8").splitlines()]
    assert 0 < len([line for line in lines if line.strip()]) < 60


def test_every_function_of_a_new_plugin_is_documented(plugin: Path) -> None:
    tree = ast.parse((plugin / "src" / "toothsim" / "__init__.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions
    assert [each.name for each in (tree, *functions) if not ast.get_docstring(each)] == []


def test_a_new_plugin_names_no_host_of_packages() -> None:
    assert [path for path, text in plugin_files("toothsim").items() if "://" in text] == []


def test_the_command_writes_into_the_folder_where_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["plugins", "new", "toothsim"])
    told = capsys.readouterr().out.splitlines()
    assert sorted(told[:-1]) == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))


@pytest.mark.parametrize("name", ["Tooth-Sim", "2teeth", "tooth.sim", "class", "../teeth", "", "tooth sim", "zähne"])
def test_what_is_no_package_name_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be the name of a Python package" in refusal(name, capsys)


def test_a_name_that_would_do_is_suggested() -> None:
    with pytest.raises(ArgumentError, match='Such as "tooth_sim"'):
        check_name("Tooth-Sim")


@pytest.mark.parametrize("name", ["membersim", "dentalsim"])
def test_the_name_of_a_plugin_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f'there is a plugin "{name}"' in refusal(name, capsys)


@pytest.mark.parametrize("name", ["core", "random", "numpy", "healthsim_core"])
def test_the_name_of_a_package_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f'there is a package "{name}"' in refusal(name, capsys)


def test_a_folder_that_is_there_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toothsim").mkdir()
    assert "toothsim: it is there already" in refusal("toothsim", capsys)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["toothsim"]


def test_nothing_is_left_where_a_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "write_text", full)
    assert "toothsim: it cannot be written: No space left on device." in refusal("toothsim", capsys)
    assert list(tmp_path.iterdir()) == []
