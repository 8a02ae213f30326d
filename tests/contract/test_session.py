"""The session under Azure's libraries: sends what it is given, and honours the surroundings of the process."""

import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from capture.connection import StorageConnection
from capture.storage.session import StoreSession
from capture.storage.stores import Names, open_own_store, open_peer_store, open_witness
from tests.contract.values import archived

NAMES = Names("main", "coordination", "recordings", "ingest", "watermark")


class Recorder(ThreadingHTTPServer):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        assert isinstance(self.server, Recorder)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"ok")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815  the names are the library's

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the library's
        del format, args


@pytest.fixture
def server() -> Iterator[Recorder]:
    with Recorder() as recorder:
        thread = Thread(target=recorder.serve_forever, daemon=True)
        thread.start()
        yield recorder
        recorder.shutdown()
        thread.join()


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreSession]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with StoreSession(4) as one:
        yield one


@pytest.mark.parametrize(
    ("method", "data", "length"),
    [("PUT", b"12345", "5"), ("PUT", "Ä電", "5"), ("PUT", None, "0"), ("POST", b"", "0"), ("GET", None, None)],
)
def test_bodies_go_out_with_their_length(
    server: Recorder, session: StoreSession, method: str, data: bytes | str | None, length: str | None
) -> None:
    answer = session.request(method, f"{server.address}/a%2Fb%7Cc?x=1", data=data, allow_redirects=False)
    assert answer.content == b"ok"
    ((seen, path, headers, body),) = server.seen
    assert (seen, path) == (method, "/a%2Fb%7Cc?x=1")
    assert headers.get("content-length") == length
    assert body == (data.encode() if isinstance(data, str) else data or b"")


def test_a_streamed_body_takes_the_ordinary_way(server: Recorder, session: StoreSession) -> None:
    session.request(
        "PUT", server.address, data=iter([b"a", b"b"]), headers={"Content-Length": "2"}, allow_redirects=False
    )
    assert server.seen[0][0] == "PUT"


def test_a_proxy_of_the_environment_is_used(
    server: Recorder, session: StoreSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.address)
    monkeypatch.setenv("NO_PROXY", "elsewhere.invalid")
    assert session.request("GET", "http://store.invalid/x", allow_redirects=False).ok
    assert server.seen[0][1] == "http://store.invalid/x"


def test_certificates_of_the_environment_are_used(session: StoreSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(OSError, match=r"/no/such/bundle\.pem"):
        session.request("GET", "https://127.0.0.1:1/x", verify=True, allow_redirects=False)


@pytest.mark.parametrize("client_id", [None, "00000000-0000-0000-0000-000000000001"])
def test_an_account_with_an_identity_is_opened_without_a_call(client_id: str | None) -> None:
    services = {service: f"https://account.{service}.core.windows.net" for service in ("blob", "queue", "table")}
    connection = StorageConnection("OWN_STORAGE", client_id=client_id, **services)
    assert open_own_store(connection, NAMES).ledger
    assert open_peer_store(connection, NAMES).archive
    assert open_witness(connection, NAMES)


def test_calls_are_not_logged_one_by_one(accounts: Iterator[str], caplog: pytest.LogCaptureFixture) -> None:
    store = open_own_store(StorageConnection("OWN_STORAGE", connection_string=next(accounts)), NAMES)
    with caplog.at_level(logging.INFO):
        store.ensure()
        store.lease.acquire(15)
        store.ledger.merge(archived("r"))
        store.ingest.send(b"{}")
    assert caplog.records == []
