"""`uvw`, with which the README's commands begin, on systems with and without uv, and with a Python that cannot help."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("dirname", "mkdir", "rm", "cat", "chmod")
SAYS = 'echo "{who} $*"\n'
MAKES_UV = """
[ "$1" = --version ] && { echo "Python 3.11.2"; exit 0; }
mkdir -p "$3/bin"
cat > "$3/bin/pip" <<'END'
#!/bin/sh
echo made >> "$(dirname "$0")/../../made"
printf '#!/bin/sh\\necho "own uv $*"\\n' > "$(dirname "$0")/uv"; chmod +x "$(dirname "$0")/uv"
END
chmod +x "$3/bin/pip"
"""
NO_VENV = """
[ "$1" = --version ] && { echo "Python 3.11.2"; exit 0; }
mkdir -p "$3/bin"; echo "ensurepip is not available"; exit 1
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell script")


@pytest.fixture
def project(tmp_path):
    """A folder with `uvw`, and a PATH that holds what a system holds and nothing more."""
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "uvw", tmp_path / "uvw")
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def offer(project, program, script):
    path = project / "bin" / program
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


def uvw(project, *arguments):
    environment = {"PATH": str(project / "bin")}
    return subprocess.run(
        ["/bin/sh", str(project / "uvw"), *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_somebodys_own_uv_is_used(project):
    offer(project, "uv", SAYS.format(who="their uv"))

    assert uvw(project, "run", "a b").stdout == "their uv run a b\n"
    assert not (project / ".uv").exists()


@pytest.mark.parametrize("shim", [None, "echo 'uv: command not found' >&2; exit 127\n"])
def test_without_one_python_makes_one_beside_the_project_once(project, shim):
    offer(project, "python3", MAKES_UV)
    if shim:
        offer(project, "uv", shim)
    said = [uvw(project, "run", "healthsim").stdout for _ in range(2)]

    assert said == ["own uv run healthsim\n"] * 2
    assert (project / "made").read_text() == "made\n"


def test_one_that_an_interruption_left_half_made_is_made_again(project):
    offer(project, "python3", MAKES_UV)
    (project / ".uv" / "bin").mkdir(parents=True)

    assert uvw(project, "sync").stdout == "own uv sync\n"


@pytest.mark.parametrize("python", [None, NO_VENV])
def test_a_python_that_cannot_make_one_is_said_with_what_to_install_and_nothing_is_left(project, python):
    if python:
        offer(project, "python3", python)
    found = uvw(project, "run", "healthsim")

    assert found.returncode == 1
    assert f"python3 ({'Python 3.11.2' if python else 'missing'}) cannot put one into .uv" in found.stderr
    assert "apt install python3-venv" in found.stderr
    assert not (project / ".uv").exists()


def test_what_runs_in_ci_is_the_readmes_second_command():
    commands = re.findall(r"^    (\./uvw .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert len(commands) == 2
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == commands[1]


def test_sessions_call_the_uv_that_runs_them():
    assert not re.findall(r'session\.run\(\s*"uv"', (ROOT / "noxfile.py").read_text(encoding="utf-8"))
