"""Servers on this machine that answer as S3, Google Cloud Storage and Azure Blob Storage do,
for the drivers that users install."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pytest
from fsspec.config import conf, set_conf_env

BUCKET = "healthsim"
DRIVERS = {"s3": "s3fs", "gs": "gcsfs", "abfs": "adlfs"}
AZURITE = "azurite-blob"
# Azurite's own account
PUBLISHED = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def served(protocol: str) -> Iterator[Any]:
    """The driver's file system, with an empty bucket on a server; processes that are started meanwhile find it too."""
    # it is imported later: gcsfs reads some of its settings only then
    if importlib.util.find_spec(DRIVERS[protocol]) is None:
        pytest.skip(f"{DRIVERS[protocol]} is not installed: nox -s stores")
    with {"s3": _s3, "gs": _gs, "abfs": _abfs}[protocol]() as settings, pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        set_conf_env(conf)
        files = fsspec.filesystem(protocol, skip_instance_cache=True)
        if protocol != "gs":  # its server has made one
            files.mkdir(BUCKET)
        type(files).clear_instance_cache()
        yield files
    conf.clear()
    set_conf_env(conf)
    type(files).clear_instance_cache()


@contextmanager
def _s3() -> Iterator[dict[str, str]]:
    server = pytest.importorskip("moto.server", reason="moto is not installed: nox -s stores").ThreadedMotoServer(
        "127.0.0.1", port=0
    )
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    yield {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server.stop()


@contextmanager
def _gs() -> Iterator[dict[str, str]]:
    emulator = pytest.importorskip(
        "gcp_storage_emulator.server", reason="gcp-storage-emulator is not installed: nox -s stores"
    )
    port = _free_port()
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    server.start()
    # the emulator has no service that tells what kind a bucket is, for which the driver asks by default
    yield {
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
        "FSSPEC_GS_TOKEN": "anon",
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
    }
    server.stop()


@contextmanager
def _abfs() -> Iterator[dict[str, str]]:
    azurite = shutil.which(AZURITE)
    if azurite is None:
        pytest.skip(f"{AZURITE} is not on the PATH: nox -s stores")
    port = _free_port()
    command = [
        azurite,
        "--blobPort",
        str(port),
        "--inMemoryPersistence",
        "--silent",
        "--disableTelemetry",
        "--skipApiVersionCheck",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        account = f"AccountName=devstoreaccount1;AccountKey={PUBLISHED};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        yield {"AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;{account}"}
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no server answers at {port}")
