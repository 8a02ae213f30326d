"""The two worlds of the suite."""

from collections.abc import Iterator

import pytest

from tests.contract import azurite
from tests.contract.worlds import AzuriteWorld, MemoryWorld, World


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: waits for something that takes its time, such as the end of a lease")


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[str]]:
    """Connection strings of fresh accounts in one emulator that runs as long as the session."""
    if not azurite.installed():
        pytest.fail("Azurite is not installed: npm ci")
    with azurite.running(tmp_path_factory.mktemp("azurite")) as ports:
        yield (azurite.connection_string(ports, name) for name in azurite.account_names())


@pytest.fixture(params=["memory", "azurite"])
def world(request: pytest.FixtureRequest) -> World:
    """Each test runs in both worlds."""
    if request.param == "memory":
        return MemoryWorld()
    return AzuriteWorld(next(request.getfixturevalue("accounts")))
