"""Two small nodes on the loopback address: sign-in, board, leave to upload, append blobs and reports, for real."""

import contextlib
import hashlib
import itertools
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lab.processes import free_port

KEY = "the-key-of-pc-0017"
SAS = "sv=2021&sig=very%2Bsecret"


class Server:
    """Serves an application on the loopback address, in a thread of its own."""

    def __init__(self, app: Starlette | Callable[[Scope, Receive, Send], Awaitable[None]], port: int) -> None:
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="none", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)


@dataclass
class SmallNode:
    """One node and its blob store behind one port. Everything it heard stays for the test to look at."""

    name: str
    port: int = field(default_factory=free_port)
    workstation: str = "pc-0017"
    keys: set[str] = field(default_factory=lambda: {KEY})
    orders: dict[str, dict[str, object]] = field(default_factory=dict)
    blobs: dict[str, bytearray] = field(default_factory=dict)
    reports: list[dict[str, object]] = field(default_factory=list)
    sign_ins: list[dict[str, object]] = field(default_factory=list)
    sign_outs: int = 0
    archives: bool = True
    grant_seconds: float = 3600.0
    lose_answers: int = 0
    board_reads: list[int] = field(default_factory=list)
    peers: list["SmallNode"] = field(default_factory=list)
    _server: "Server | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def want(self, session: str, wanted: str, agent: str = "agent-1") -> datetime:
        """Publish an order on this node's board, and return when."""
        at = datetime.now(UTC)
        known = self.orders.get(f"{session}:{agent}", {})
        self.orders[f"{session}:{agent}"] = {
            "session_id": session,
            "agent_id": agent,
            "conversation_id": "conversation-1",
            "wanted": wanted,
            "at": at.isoformat(),
            "heard_at": at.isoformat(),
            "archived_parts": known.get("archived_parts", []),
        }
        return at

    def heard(self, state: str) -> list[dict[str, object]]:
        return [report for report in self.reports if report["state"] == state]

    def start(self) -> None:
        self._server = Server(self.app(), self.port)

    def stop(self) -> None:
        """Close the port and every connection, as a node that died; what it stores stays."""
        if self._server:
            self._server.stop()
            self._server = None

    def app(self) -> Starlette:
        routes = [
            Route("/api/desktop/sign-in", self._sign_in, methods=["POST"]),
            Route("/api/desktop/sign-out", self._sign_out, methods=["POST"]),
            Route("/api/desktop/sessions/{session}/upload", self._upload, methods=["POST"]),
            Route("/api/desktop/sessions/{session}/report", self._report, methods=["POST"]),
            Route("/desktops/boards/{name}", self._board, methods=["GET"]),
            Route("/screens/{path:path}", self._put, methods=["PUT"]),
        ]
        return Starlette(routes=routes)

    def _known(self, request: Request) -> bool:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return bearer in self.keys and request.headers.get("x-workstation") == self.workstation

    async def _sign_in(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        self.sign_ins.append(await request.json())
        expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        board = f"{self.url}/desktops/boards/{self.workstation}.json?{SAS}"
        told = {"node": self.name, "board_url": board, "expires_at": expires}
        return JSONResponse({**told, "keep_alive_seconds": 2, "poll_seconds": 0.25})

    async def _sign_out(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        self.sign_outs += 1
        return Response(status_code=204)

    async def _board(self, request: Request) -> Response:
        board = {"workstation": self.workstation, "node": self.name, "orders": self.orders}
        body = json.dumps(board).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        status = 304 if request.headers.get("if-none-match") == etag else 200
        self.board_reads.append(status)
        return Response(b"" if status == 304 else body, status, {"etag": etag}, media_type="application/json")

    async def _upload(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        asked, session = await request.json(), request.path_params["session"]
        if f"{session}:{asked['agent_id']}" not in self.orders:
            return Response(status_code=404)
        until = datetime.now(UTC) + timedelta(seconds=self.grant_seconds)
        blob = f"{self.workstation}/{session}/{asked['agent_id']}-{asked['part']}.mp4"
        url = f"{self.url}/screens/{blob}?se={until.timestamp()}&{SAS}"
        return JSONResponse({"upload_url": url, "expires_at": (until + timedelta(hours=1)).isoformat()})

    async def _put(self, request: Request) -> Response:
        body, path = await request.body(), request.path_params["path"]
        if float(request.query_params["se"]) < time.time():
            return Response(status_code=403, headers={"x-ms-error-code": "AuthenticationFailed"})
        if request.query_params.get("comp") != "appendblock":
            assert request.headers["x-ms-blob-type"] == "AppendBlob"
            assert request.headers["if-none-match"] == "*"
            if path in self.blobs:
                return Response(status_code=403, headers={"x-ms-error-code": "UnauthorizedBlobOverwrite"})
            self.blobs[path] = bytearray()
            return self._answer()
        return self._append(path, int(request.headers["x-ms-blob-condition-appendpos"]), body)

    def _append(self, path: str, offset: int, body: bytes) -> Response:
        if path not in self.blobs:
            return Response(status_code=404, headers={"x-ms-error-code": "BlobNotFound"})
        if offset != len(self.blobs[path]):
            return Response(status_code=412, headers={"x-ms-error-code": "AppendPositionConditionNotMet"})
        assert len(body) <= 4 * 1024 * 1024
        self.blobs[path] += body
        return self._answer()

    def _answer(self) -> Response:
        if self.lose_answers:
            self.lose_answers -= 1
            return Response(status_code=503)
        return Response(status_code=201)

    async def _report(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        report, session = await request.json(), request.path_params["session"]
        self.reports.append({**report, "session_id": session})
        if report["state"] == "finished" and self.archives:
            name = f"{self.workstation}/{session}/{report['agent_id']}-{report['part']}.mp4"
            blobs = [node.blobs[name] for node in (self, *self.peers) if name in node.blobs]
            if any(hashlib.sha256(blob).hexdigest() == report["sha256"] for blob in blobs):
                order = self.orders[f"{session}:{report['agent_id']}"]
                part = {"part": report["part"], "sha256": report["sha256"]}
                order["archived_parts"] = [*order["archived_parts"], part]  # type: ignore[misc]
        return Response(status_code=202)


@contextlib.contextmanager
def two_nodes() -> Iterator[tuple[SmallNode, SmallNode]]:
    """Run both nodes while the block runs."""
    nodes = (SmallNode("main"), SmallNode("peer"))
    for node in nodes:
        node.start()
    try:
        yield nodes
    finally:
        for node in nodes:
            node.stop()


@contextlib.contextmanager
def front_of(nodes: Sequence[SmallNode]) -> Iterator[str]:
    """Run one URL in front of the nodes: each request goes to the next one."""
    turn = itertools.cycle([node.app() for node in nodes])
    for node in nodes:
        node.peers = [other for other in nodes if other is not node]

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        await next(turn)(scope, receive, send)

    port = free_port()
    server = Server(front, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
