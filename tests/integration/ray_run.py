"""Two nodes of Ray share the folder, or the run is refused: run by `nox -s ray`,
for two nodes take their time to start."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import attrs
import ray
from ray.cluster_utils import Cluster

from healthsim import generate
from healthsim_core.errors import OutputError
from healthsim_core.execution import on_ray
from healthsim_core.execution.shared import look
from healthsim_core.formats.folder import Folder
from healthsim_core.generation import memory
from healthsim_core.output.parts import Job

REQUEST: dict[str, Any] = {"profile": "adult-hypertension", "journey": "chronic-management", "count": 200}


def digest(out: Path) -> str:
    """The digest of a run."""
    return str(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["digest"])


def on_another_disk(node: str, place: Path) -> Any:
    """What nodes of Ray do to see the folder, but that `node` has another of its name."""

    def see(job: Job) -> Any:
        there = ray.get_runtime_context().get_node_id() == node
        return look(attrs.evolve(job, folder=Folder(place)) if there else job)

    return see


def main() -> None:
    """Run on two nodes that share the folder, then on two that do not."""
    memory.FEW, memory.ROWS_A_PART = 0, 100
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1).node_id
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            generate(**REQUEST, out=Path(scratch, "local"))
            generate(**REQUEST, out=Path(scratch, "shared"), executor="ray")
            assert digest(Path(scratch, "shared")) == digest(Path(scratch, "local"))
            on_ray._look = on_another_disk(second, Path(scratch, "other"))
            try:
                generate(**REQUEST, out=Path(scratch, "two-disks"), executor="ray")
            except OutputError as error:
                print(error)
            else:
                raise AssertionError("a folder that two nodes do not share was taken")
            assert not Path(scratch, "two-disks").exists() and not Path(scratch, "other").exists()
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
