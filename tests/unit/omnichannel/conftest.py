"""An organisation made of prepared answers, and the pieces that stand around the client."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from tiny_server import TinyServer, running, says

from capture.omnichannel.organisation import Organisation
from capture.settings import Settings

TENANT = "contoso.example"


class HandClock:
    """A clock that moves only by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class NodeState:
    """The one value of `State` that the client uses; `looks` counts the readings."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.looks = 0
        self.failure: Exception | None = None

    def paused_until(self) -> datetime | None:
        self.looks += 1
        if self.failure is not None:
            raise self.failure
        return self.until

    def pause_until(self, when: datetime) -> None:
        if self.failure is not None:
            raise self.failure
        self.until = when if self.until is None else max(self.until, when)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[TinyServer]:
    """A server that signs everybody in; tests tell it the rest."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with running(context) as made:
        made.on(
            f"/{TENANT}/v2.0/.well-known/openid-configuration",
            says(
                {
                    "issuer": f"{made.url}/{TENANT}/v2.0",
                    "authorization_endpoint": f"{made.url}/{TENANT}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{made.url}/{TENANT}/oauth2/v2.0/token",
                }
            ),
        )
        made.on(f"/{TENANT}/oauth2/v2.0/token", *(token(f"token-{number}") for number in range(1, 9)))
        yield made


@pytest.fixture
def file_host() -> Iterator[TinyServer]:
    """The host of anonymous links, without TLS: allowed on this machine only."""
    with running(None) as made:
        yield made


def token(text: str, seconds: int = 3599):  # noqa: ANN201 - an Answer
    return says({"token_type": "Bearer", "expires_in": seconds, "access_token": text})


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def state() -> NodeState:
    return NodeState()


@pytest.fixture
def settings(server: TinyServer) -> Settings:
    return Settings.from_env(
        {
            "NODE_NAME": "main",
            "PEER_NAME": "peer",
            "SOURCE_NAME": "contoso",
            "DYNAMICS_URL": server.url,
            "DYNAMICS_AUTHORITY": server.url,
            "DYNAMICS_TENANT_ID": TENANT,
            "DYNAMICS_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
            "DYNAMICS_CLIENT_SECRET": "top~secret.value",
            "DYNAMICS_PAGE_SIZE": "50",
            "DYNAMICS_TIMEOUT_SECONDS": "1",
            "OWN_STORAGE__accountName": "contosomain",
            "PEER_STORAGE__accountName": "contosopeer",
            "WITNESS_STORAGE__accountName": "contosowitness",
        }
    )


@pytest.fixture
def organisation(settings: Settings, state: NodeState, clock: HandClock, ca_bundle: str) -> Organisation:
    return Organisation(settings, state, clock, ca_bundle)


@pytest.fixture
def another(settings: Settings, state: NodeState, clock: HandClock, ca_bundle: str) -> Callable[[], Organisation]:
    """Make a further client of the same node: another instance of the app."""
    return lambda: Organisation(settings, state, clock, ca_bundle)
