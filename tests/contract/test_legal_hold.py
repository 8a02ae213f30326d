"""The store's own legal hold, which the emulator does not have: what is asked, and what each answer means."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import override
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.storage.blob import BlobServiceClient

from capture.errors import Transient, Unauthorized
from capture.storage.archive import BlobArchive
from tests.contract.azurite import connection_string

PATH = "some/r1.mp3"


class Store(ThreadingHTTPServer):
    """Answers every request with `status` and `code`, and keeps what was asked."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.status, self.code = status, code
        self.asked: list[tuple[str, str, str | None, str | None]] = []


class Answers(BaseHTTPRequestHandler):
    """Only `comp=legalhold` is a legal hold (Microsoft Learn, "Set Blob Legal Hold")."""

    server: Store

    def do_PUT(self) -> None:
        parts = urlsplit(self.path)
        (comp,) = parse_qs(parts.query)["comp"]
        self.server.asked.append((parts.path, comp, self.headers["x-ms-legal-hold"], self.headers["x-ms-version"]))
        self.send_response(self.server.status)
        if self.server.code:
            self.send_header("x-ms-error-code", self.server.code)
        self.send_header("x-ms-legal-hold", self.headers["x-ms-legal-hold"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def store(status: int, code: str = "") -> Iterator[tuple[Store, BlobArchive]]:
    server = Store(status, code)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    port = server.server_port
    blobs = BlobServiceClient.from_connection_string(connection_string((port, port, port), "contract"), retry_total=0)
    try:
        yield server, BlobArchive(blobs.get_container_client("recordings"), "OWN_STORAGE")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("on", [True, False])
def test_the_hold_is_set_and_ended_at_the_object(on: bool) -> None:
    with store(200) as (server, archive):
        assert archive.hold(PATH, on=on)
        ((path, comp, said, version),) = server.asked
    assert (path, comp, said) == (f"/contract/recordings/{PATH}", "legalhold", str(on).lower())
    assert version is not None
    assert version >= "2020-04-08", "older ones know no holds of objects"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "BlobNotFound"),
        (400, "InvalidQueryParameterValue"),
        (409, "SomeConflict"),
        (501, "APINotImplemented"),
    ],
)
def test_what_is_not_there_or_cannot_be_held_is_not_held(status: int, code: str) -> None:
    with store(status, code) as (_, archive):
        assert not archive.hold(PATH, on=True)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AuthorizationPermissionMismatch", Unauthorized),
        (404, "ContainerNotFound", Transient),
        (503, "ServerBusy", Transient),
    ],
)
def test_who_may_not_and_what_is_busy_is_said(status: int, code: str, kind: type[Exception]) -> None:
    with store(status, code) as (_, archive), pytest.raises(kind):
        archive.hold(PATH, on=True)
