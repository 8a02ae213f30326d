"""The two listeners of the organisation: TLS for Entra and the Web API, plain HTTP for files and the lab's own API.

Each has a thread and an event loop of its own, so that downloads never hold up API calls.
"""

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from lab.dynamics.calls import CallPlan
from lab.dynamics.certificates import Certificates, certificates
from lab.dynamics.control import Control
from lab.dynamics.entra import Entra
from lab.dynamics.filehost import FileHost
from lab.dynamics.live import LiveCalls
from lab.dynamics.organisation import Clock, Options, Organisation, utc_now
from lab.dynamics.traffic import Pulse, Traffic
from lab.dynamics.webapi import WebApi
from lab.dynamics.webhooks import Webhooks

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RunningOrganisation:
    """An organisation that answers on the network."""

    organisation: Organisation
    url: str
    files_url: str
    ca_bundle: Path
    """Public roots and the lab's authority; `ca` has the authority alone."""
    ca: Path


class _Server(uvicorn.Server):
    """A uvicorn server that runs in a thread and ends at once when it is told to."""

    def __init__(self, app: Starlette, listener: socket.socket, tls: Certificates | None) -> None:
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="off",
            # longer than any URL that is to be refused with a 400
            h11_max_incomplete_event_size=1 << 17,
            timeout_keep_alive=120,
            # clients keep their connections alive: the end would wait for them
            timeout_graceful_shutdown=0,
            server_header=False,
            ssl_context_factory=(lambda _config, _default: tls.server) if tls else None,
        )
        super().__init__(config)
        self._listener = listener
        self._thread = threading.Thread(target=self.run, args=([listener],), name="listener", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # TLS connections that a client keeps alive would outlive the loop, half closed
        await super().shutdown(sockets)
        for server in self.servers:
            server.abort_clients()
        await asyncio.sleep(0)

    def finish(self) -> None:
        self.should_exit = True
        self._thread.join(3)
        self._listener.close()


@contextlib.contextmanager
def running_organisation(
    options: Options | None = None,
    *,
    folder: Path | None = None,
    https_port: int = 0,
    http_port: int = 0,
    rate: float = 0,
    plan: CallPlan | None = None,
    clock: Clock = utc_now,
) -> Iterator[RunningOrganisation]:
    """Run an organisation on loopback while the context is open; port 0 takes a free one."""
    organisation = Organisation(options, clock)
    with contextlib.ExitStack() as stack:
        certificate_folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tls = certificates(certificate_folder)
        api_listener, files_listener = _listener(https_port), _listener(http_port)
        url = f"https://{LOOPBACK}:{api_listener.getsockname()[1]}"
        files_url = f"http://{LOOPBACK}:{files_listener.getsockname()[1]}"
        webhooks = stack.enter_context(Webhooks(organisation))
        for app, listener, secured in (
            (api_app(organisation, files_url), api_listener, tls),
            (files_app(organisation, webhooks), files_listener, None),
        ):
            server = _Server(app, listener, secured)
            server.begin()
            stack.callback(server.finish)
        stack.enter_context(Pulse(organisation))
        stack.enter_context(Traffic(organisation, rate, plan))
        yield RunningOrganisation(organisation, url, files_url, tls.bundle, tls.authority)


def api_app(organisation: Organisation, files_url: str) -> Starlette:
    """Return the application of the TLS side: Entra and the Web API."""
    return Starlette(routes=[*WebApi(organisation, files_url).routes(), *Entra(organisation).routes()])


def files_app(organisation: Organisation, webhooks: Webhooks) -> Starlette:
    """Return the application of the plain side: file downloads and the lab's own API."""
    control = Control(organisation, webhooks.figures, LiveCalls(organisation))
    return Starlette(routes=[*FileHost(organisation).routes(), *control.routes()])


def _listener(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    # listening at once: a client that comes before the server's loop runs waits instead of being refused
    listener.listen(256)
    return listener
