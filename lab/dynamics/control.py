"""The lab's own API: let calls happen, read the truth, count, and make things go wrong. Not part of Dynamics."""

import json
from collections.abc import Callable
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.dynamics.calls import CallPlan, publish
from lab.dynamics.live import LiveCalls
from lab.dynamics.organisation import Organisation
from lab.dynamics.publications import attach, published
from lab.dynamics.webhook_figures import Figures

type Body = dict[str, Any]
type Handler = Callable[[Request, Body], Any]


class Control:
    """The handlers of the lab's API: each takes a request and its JSON body and returns what to answer."""

    def __init__(self, organisation: Organisation, webhooks: Figures, live: LiveCalls) -> None:
        self._organisation, self._webhooks, self._live = organisation, webhooks, live

    def routes(self) -> list[Route]:
        """Return the routes below `/lab`; a body that is not understood is a 400 that says why."""
        organisation = self._organisation
        handlers: dict[tuple[str, str], Handler] = {
            ("POST", "/lab/calls"): self.calls,
            ("GET", "/lab/published"): self.published,
            ("POST", "/lab/rows/{set}"): self.insert_row,
            ("PATCH", "/lab/rows/{set}/{id}"): self.change_row,
            ("DELETE", "/lab/rows/{set}/{id}"): self.delete_row,
            ("POST", "/lab/recordings/{id}/file"): self.attach_file,
            ("GET", "/lab/stats"): lambda _, __: organisation.statistics.shown(),
            ("GET", "/lab/polls"): lambda _, __: organisation.statistics.polls(),
            ("POST", "/lab/stats/reset"): lambda _, __: organisation.statistics.reset(),
            ("POST", "/lab/live"): lambda _, body: self._live.start(**body),
            ("GET", "/lab/live"): lambda _, __: self._live.truth(),
            ("GET", "/lab/agents"): lambda _, __: list(organisation.roster.agents),
            ("GET", "/lab/webhooks"): lambda _, __: self._webhooks.shown(),
            ("POST", "/lab/webhooks/reset"): lambda _, __: self._webhooks.reset(),
            ("POST", "/lab/faults"): self.add_fault,
            ("GET", "/lab/faults"): lambda _, __: organisation.faults.shown(),
            ("DELETE", "/lab/faults"): lambda _, __: organisation.faults.clear(),
        }
        return [Route(path, _endpoint(handler), methods=[method]) for (method, path), handler in handlers.items()]

    def calls(self, _: Request, body: Body) -> Body:
        """Publish calls; with `spread_seconds` evenly over a time that begins `created_ago_seconds` ago."""
        count, spread = int(body.pop("count", 1)), float(body.pop("spread_seconds", 0))
        ago = float(body.pop("created_ago_seconds", 0))
        found = []
        for position in range(count):
            back = max(0.0, ago - spread * position / count)
            found.append(publish(self._organisation, CallPlan(**body, created_ago_seconds=back)))
        return {
            "conversations": [call.conversation_id for call in found],
            "recordings": [recording for call in found for recording in call.recording_ids],
        }

    def published(self, request: Request, _: Body) -> list[Body]:
        """Return the truth about every recording; `?hashes=false` spares the time for hashing."""
        return published(self._organisation, hashes=request.query_params.get("hashes", "true") == "true")

    def insert_row(self, request: Request, body: Body) -> Body:
        """Insert a row as given."""
        return {"id": self._organisation.insert_row(request.path_params["set"], body)}

    def change_row(self, request: Request, body: Body) -> Body:
        """Change columns of a row."""
        return {"changed": self._organisation.change_row(request.path_params["set"], request.path_params["id"], body)}

    def delete_row(self, request: Request, _: Body) -> Body:
        """Delete a row."""
        return {"deleted": self._organisation.delete_row(request.path_params["set"], request.path_params["id"])}

    def attach_file(self, request: Request, body: Body) -> Body:
        """Give a recording a file, or another one."""
        return attach(self._organisation, request.path_params["id"], **body)

    def add_fault(self, _: Request, body: Body) -> list[Body]:
        """Switch a fault on."""
        self._organisation.faults.add(**body)
        return self._organisation.faults.shown()


def _endpoint(handler: Handler) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else {}
            # in a thread: hashing many files or publishing many calls must not hold up downloads
            result = await to_thread.run_sync(handler, request, body)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({} if result is None else result)

    return answer
