"""A server that answers as it is told: for the failures that a well-behaved organisation never shows."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """One answer. `cut` sends only so many bytes of the body and ends; `reset` ends hard; `delay` comes first."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    delay: float = 0


def says(value: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | named)


def refuses(status: int, code: str = "0x80040216", message: str = "no", **headers: str) -> Answer:
    """An error of the Web API."""
    return says({"error": {"code": code, "message": message}}, status, **headers)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str


class TinyServer:
    """Answers by the longest prefix of the path; of several answers the last one stays."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()

    def on(self, prefix: str, *answers: Answer) -> None:
        self._answers[prefix] = list(answers)

    def count(self, prefix: str) -> int:
        return sum(1 for each in self.asked if each.path.startswith(prefix))

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            fitting = [prefix for prefix in self._answers if asked.path.startswith(prefix)]
            if not fitting:
                return refuses(404, message=f"the test expects no call of {asked.path}")
            answers = self._answers[max(fitting, key=len)]
            return answers.pop(0) if len(answers) > 1 else answers[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tiny: TinyServer
    context: ssl.SSLContext | None

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        answer = self.server.tiny.answer(Asked(self.command, self.path, dict(self.headers), body))
        time.sleep(answer.delay)
        if not (answer.reset and answer.cut is None):
            self._send(answer)
        if answer.cut is not None or answer.reset:
            self.close_connection = True
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(context: ssl.SSLContext | None) -> Iterator[TinyServer]:
    http = _Server(("127.0.0.1", 0), _Handler)
    http.context = context
    http.tiny = TinyServer(f"{'http' if context is None else 'https'}://localhost:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield http.tiny
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
