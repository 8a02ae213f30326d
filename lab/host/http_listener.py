"""Serves the HTTP functions, the root page and the host's status."""

import asyncio
import hmac
import socket
from http import HTTPStatus
from typing import override

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lab.host.functions import AuthLevel, Function
from lab.host.invocation import Invoker
from lab.host.routes import Match, Routes
from lab.host.settings import Keys
from lab.host.worker import Datum

BODY_LIMIT = 100 * 1024 * 1024
STATUS_PATH = "/admin/host/status"


class _BodyTooLargeError(Exception):
    pass


class HttpApp:
    """The ASGI application over an app's HTTP functions."""

    def __init__(self, functions: list[Function], prefix: str, keys: Keys, invoker: Invoker) -> None:
        self._routes = Routes(prefix, functions)
        self._keys = keys
        self._invoker = invoker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; ASGI's calling convention."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        found = self._routes.find(path, request.method)
        if isinstance(found, Match):
            return await self._call(request, found)
        if path == STATUS_PATH and request.method == "GET":
            if not self._admits(request, "ADMIN"):
                return Response(status_code=HTTPStatus.UNAUTHORIZED)
            return JSONResponse({"state": "Running"})
        if path == "/" and request.method in {"GET", "HEAD"}:
            return Response("The Function App is running.\n", media_type="text/plain")
        if found:
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": ", ".join(sorted(found))})
        return Response(status_code=HTTPStatus.NOT_FOUND)

    async def _call(self, request: Request, match: Match) -> Response:
        if not self._admits(request, match.trigger.auth_level):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        try:
            body = await _body(request)
        except _BodyTooLargeError:
            return Response(status_code=HTTPStatus.CONTENT_TOO_LARGE, headers={"connection": "close"})
        # The path only: a query may carry the key.
        reason = f"{request.method} {request.url.path}"
        outcome = await self._invoker.run(match.function, _request_datum(request, match, body), {}, reason)
        if not outcome.ok:
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)
        return _response(outcome.returned)

    def _admits(self, request: Request, level: AuthLevel) -> bool:
        if level == "ANONYMOUS":
            return True
        given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
        accepted = [self._keys.master, self._keys.function] if level == "FUNCTION" else [self._keys.master]
        # Every accepted key is compared, in constant time each, so that the time tells nothing.
        matches = [hmac.compare_digest(given.encode(), key.encode()) for key in accepted if key]
        return any(matches)


async def _body(request: Request) -> bytes:
    if int(request.headers.get("content-length", 0)) > BODY_LIMIT:
        raise _BodyTooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise _BodyTooLargeError
    return bytes(body)


def _joined(pairs: list[tuple[str, str]]) -> dict[str, Datum]:
    """One value for each name; what comes several times is joined by commas, as in the real host."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return {name: Datum(value, "string") for name, value in values.items()}


def _request_datum(request: Request, match: Match, body: bytes) -> Datum:
    value = {
        "method": Datum(request.method, "string"),
        "url": Datum(str(request.url), "string"),
        "headers": _joined(request.headers.items()),
        "query": _joined(request.query_params.multi_items()),
        "params": {name: Datum(param, "string") for name, param in match.params.items()},
        "body": Datum(body, "bytes"),
    }
    return Datum(value, "http")


def _response(returned: Datum | None) -> Response:
    if returned is None or returned.value is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if returned.type != "http":
        return Response(returned.value, media_type="text/plain")
    value = returned.value
    response = Response(value["body"].value, status_code=int(value["status_code"].value))
    for name, header in value["headers"].items():
        response.headers[name] = header.value
    for cookies in value["cookies"] or ():
        for cookie in cookies.values():
            response.headers.append("set-cookie", cookie.OutputString())
    return response


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers: the host decides when to stop."""

    def __init__(self, app: HttpApp, grace: float) -> None:
        self.accepting = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=int(grace),
            )
        )

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so through `accepting`."""
        await super().startup(sockets)
        self.accepting.set()

    @override
    def handle_exit(self, sig: int, frame: object) -> None:
        """Do nothing; see the class."""
