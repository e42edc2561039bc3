"""Every node of a Ray cluster that works is asked whether it sees the output folder, before it is given a part.

Ray is played here: its nodes are folders, for a path is another place on each.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from healthsim_core.errors import HealthSimError, OutputError
from healthsim_core.execution import shared
from healthsim_core.execution.on_ray import Ray
from healthsim_core.formats.folder import Folder
from healthsim_core.output.parts import Job


class GetTimeoutError(Exception):
    """What Ray raises where nobody answers in time."""


class Played:
    """A cluster.

    Args:
        nodes: What Ray says of each, and the folder that it has where the others have the run's.
    """

    exceptions = SimpleNamespace(RayTaskError=KeyError, RayError=GetTimeoutError)

    def __init__(self, nodes: list[tuple[dict[str, Any], Path]]) -> None:
        self._folders = {told["NodeID"]: Folder(folder) for told, folder in nodes}
        self._told = [told for told, _ in nodes]
        self.asked: list[str] = []
        self.silent = False

    def is_initialized(self) -> bool:
        return True

    def nodes(self) -> list[dict[str, Any]]:
        return self._told

    def remote(self, **_: Any) -> Any:
        return lambda do: SimpleNamespace(
            options=lambda scheduling_strategy: SimpleNamespace(remote=lambda job: (do, scheduling_strategy, job)),
        )

    def get(self, answers: list[Any], timeout: float) -> list[Any]:
        if self.silent:
            raise GetTimeoutError
        self.asked += [node for _, node, _ in answers]
        return [do(attrs.evolve(job, folder=self._folders[node])) for do, node, job in answers]

    def put(self, value: Any) -> Any:
        return value


def node(name: str, alive: bool = True, cpus: int = 4) -> dict[str, Any]:
    return {"NodeID": name, "Alive": alive, "Resources": {"CPU": float(cpus)} if cpus else {"memory": 1.0}}


def probed(
    patch: pytest.MonkeyPatch, here: Path, nodes: list[tuple[dict[str, Any], Path]], silent: bool = False
) -> list[str]:
    """The nodes that a run of no part asks."""
    ray = Played(nodes)
    ray.silent = silent
    patch.setitem(sys.modules, "ray", ray)  # type: ignore[arg-type]
    strategy = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, soft: node)
    patch.setitem(sys.modules, "ray.util.scheduling_strategies", strategy)  # type: ignore[arg-type]
    patch.setattr(shared, "PATIENCE", 0.0)
    job = Job({}, {}, "", Folder(here), shared.begin(Folder(here)), False, 1)  # type: ignore[arg-type]
    patch.setattr("healthsim_core.execution.on_ray._results", lambda *_: iter(()))
    assert list(Ray(1).map(job, [], lambda number, units: None)) == []
    return ray.asked


def test_a_folder_that_all_nodes_share_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert probed(monkeypatch, tmp_path, [(node("a"), tmp_path), (node("b"), tmp_path)]) == ["a", "b"]


def test_a_folder_of_one_node_alone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match="not one folder for all workers"):
        probed(
            monkeypatch,
            tmp_path / "a",
            [(node("a"), tmp_path / "a"), (node("b"), tmp_path / "b"), (node("c"), tmp_path / "a")],
        )
    assert not (tmp_path / "b").exists()


def test_one_node_that_is_not_this_machine_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match="not one folder for all workers"):
        probed(monkeypatch, tmp_path / "client", [(node("far"), tmp_path / "far")])


def test_nodes_that_run_no_part_are_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [(node("a"), tmp_path), (node("dead", alive=False), tmp_path / "b"), (node("head", cpus=0), tmp_path / "c")]
    assert probed(monkeypatch, tmp_path, nodes) == ["a"]


def test_a_node_that_does_not_answer_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HealthSimError, match="did not answer within 120 seconds whether it sees"):
        probed(monkeypatch, tmp_path, [(node("a"), tmp_path)], silent=True)
