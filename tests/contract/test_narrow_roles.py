"""An identity whose roles end at single containers, queues and tables, as those of the templates do."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from capture.connection import StorageConnection
from capture.errors import Unauthorized
from capture.storage.accounts import Patience
from capture.storage.stores import Names, OwnStore, open_own_store
from tests.contract import azurite

NAMES = Names("main", "coordination", "recordings", "ingest", "watermark")


class Refusing(ThreadingHTTPServer):
    """An account that refuses everything with one code."""

    code = ""
    asked = 0


class Handler(BaseHTTPRequestHandler):
    def refuse(self) -> None:
        assert isinstance(self.server, Refusing)
        self.server.asked += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        code = self.server.code
        body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": "no"}}}).encode()
        if "application/json" not in (self.headers.get("Accept") or ""):
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        self.send_response(403)
        self.send_header("x-ms-error-code", code)
        self.send_header("Content-Type", "application/json" if body[:1] == b"{" else "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = refuse  # noqa: N815  the library calls them so

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Refusing]:
    with Refusing(("127.0.0.1", 0), Handler) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def store(server: Refusing) -> OwnStore:
    port = server.server_port
    text = azurite.connection_string((port, port, port), "devstoreaccount1")
    patience = Patience(connect=2, read=5, repeats=0)
    return open_own_store(StorageConnection("OWN_STORAGE", text), NAMES, patience=patience)


def test_what_it_may_not_create_was_made_by_others(server: Refusing, store: OwnStore) -> None:
    server.code = "AuthorizationPermissionMismatch"
    store.ensure()
    assert server.asked > 20
    with pytest.raises(Unauthorized, match="OWN_STORAGE"):
        store.ingest.send(b"{}")


def test_who_is_refused_altogether_is_told(server: Refusing, store: OwnStore) -> None:
    server.code = "AuthorizationFailure"
    with pytest.raises(Unauthorized, match="AuthorizationFailure; check OWN_STORAGE"):
        store.ensure()
