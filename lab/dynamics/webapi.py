"""The door of the Web API: who asks, whether they may now, and every refusal in the documented shape."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.dynamics.faults import ANYWHERE, FaultKind, Place
from lab.dynamics.organisation import Organisation
from lab.dynamics.protection import throttled
from lab.dynamics.queries import options
from lab.dynamics.refusals import UNAVAILABLE, UNEXPECTED, Refusal, bad_query
from lab.dynamics.resources import Ask, Resource, resource
from lab.dynamics.statistics import LIST_OF_RECORDINGS
from lab.dynamics.writes import write

ROOT = "/api/data/v9.2"
LONGEST_URL = 32_768


class WebApi:
    """Takes the requests of the Web API; download addresses begin with `files_root`."""

    def __init__(self, organisation: Organisation, files_root: str) -> None:
        self._organisation, self._files_root = organisation, files_root

    def routes(self) -> list[Route]:
        """Return the route of everything below the root."""
        return [Route(ROOT + "/{path:path}", self.answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]

    async def answer(self, request: Request) -> Response:
        """Answer one request, and count it if its client is known."""
        organisation, now = self._organisation, self._organisation.clock()
        client_id = organisation.accounts.client(request.headers.get("authorization"), now)
        wanted = resource(request.path_params["path"])
        rejected = FaultKind.REJECT_TOKEN
        if client_id is None or organisation.faults.strike(rejected, client_id=client_id, operation=wanted.kind):
            return _unauthorized(request)
        try:
            response = await self._protected(request, client_id, wanted)
        except Refusal as refusal:
            response = JSONResponse(refusal.body(), refusal.status, {"OData-Version": "4.0", **refusal.headers})
        organisation.statistics.note_call(client_id, wanted.kind, response.status_code, now)
        if wanted.kind == LIST_OF_RECORDINGS and "createdon" in request.query_params.get("$filter", ""):
            organisation.statistics.note_poll(client_id, response.status_code, now)
        return response

    async def _protected(self, request: Request, client_id: str, wanted: Resource) -> Response:
        organisation, protection = self._organisation, self._organisation.protection
        protection.enter(client_id, organisation.clock().timestamp())
        try:
            if organisation.options.latency_seconds:
                await asyncio.sleep(organisation.options.latency_seconds)
            await self._stricken(client_id, wanted.kind)
            response = self._allowed(request, await request.body(), client_id, wanted)
        finally:
            protection.leave(client_id)
        response.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = str(protection.remaining(client_id))
        return response

    async def _stricken(self, client_id: str, kind: str) -> None:
        hit = self._organisation.faults.strike(*ANYWHERE, place=Place.API, client_id=client_id, operation=kind)
        if hit is None:
            return
        match hit.kind:
            case FaultKind.THROTTLE:
                message = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
                raise throttled(5 if hit.retry_after is None else hit.retry_after, message)
            case FaultKind.SERVER_ERROR:
                raise Refusal(500, UNEXPECTED, "An unexpected error occurred.")
            case FaultKind.UNAVAILABLE:
                raise Refusal(503, UNAVAILABLE, "The service is temporarily unavailable.", hit.wait())
            case _:
                await asyncio.sleep(hit.delay_seconds)

    def _allowed(self, request: Request, body: bytes, client_id: str, wanted: Resource) -> Response:
        if len(str(request.url)) > LONGEST_URL:
            raise bad_query(f"The URL is longer than {LONGEST_URL} characters.")
        ask = Ask(
            client_id,
            f"https://{request.headers['host']}{ROOT}",
            self._files_root,
            request.path_params["path"],
            options(request.scope["query_string"].decode("latin-1")),
            request.headers.get("prefer"),
            request.headers.get("range"),
        )
        with self._organisation.lock:
            self._organisation.settle()
            # Microsoft's page on bulk download of recordings posts GetFileSasUrl
            if request.method != "GET" and wanted.kind != "GetFileSasUrl":
                return write(self._organisation, request.method, ask.path, body, ask.root)
            return wanted.answer(self._organisation, ask)


def _unauthorized(request: Request) -> Response:
    host = request.headers["host"]
    challenge = f"Bearer authorization_uri=https://{host}/common/oauth2/authorize, resource_id=https://{host}/"
    return Response(status_code=401, headers={"WWW-Authenticate": challenge})
