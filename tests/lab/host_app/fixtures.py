"""Fixtures over `processes`: one emulator for all tests of the host, and hosts started on demand."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from host_app.processes import HostStarter, RunningHost, Storage, running_azurite


@pytest.fixture(scope="session")
def host_storage() -> Iterator[Storage]:
    """The emulated account."""
    with running_azurite() as storage:
        yield storage


def _environ(storage: Storage, name: str) -> dict[str, str]:
    # Its own queue and its own locks, so that tests do not meet in the shared account.
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return {
        "AzureWebJobsStorage": storage.connection,
        "ORDERS": storage.connection,
        "ORDERS_QUEUE": label,
        "AzureFunctionsWebHost__hostid": label,
        # Quiet unless a test wants it.
        "TICK_SCHEDULE": "0 0 4 1 1 *",
    }


@pytest.fixture
def start_host(host_storage: Storage, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[HostStarter]:
    """Start a host with the queue and the locks of this test; ended with the test."""
    with ExitStack() as stack:
        number = iter(range(10))

        def start(*options: str, **environ: str) -> RunningHost:
            host = RunningHost(
                tmp_path / f"host{next(number)}", _environ(host_storage, request.node.name) | environ, list(options)
            )
            return stack.enter_context(host)

        yield start


@pytest.fixture(scope="module")
def module_host(
    host_storage: Storage, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningHost]:
    """One host for a whole test module."""
    name = request.module.__name__
    with RunningHost(tmp_path_factory.mktemp(name), _environ(host_storage, name)) as host:
        yield host
