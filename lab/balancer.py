"""The load balancer in front of both nodes: HAProxy with active checks, in the place of Azure Front Door."""

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from lab.part import Part
from lab.processes import Child, NotStartedError, free_port

FOLDERS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
"""Where HAProxy is looked for: a person's PATH often lacks the folders of system programs."""

_SECONDS_TO_START = 15.0

# Only 200 is healthy, asked for with HEAD, as Front Door does. A request that reached nobody is tried at the other
# node; one that reached a node which then died is answered with 502, upon which Dataverse tries again itself.
_CONFIGURATION = """\
global
    maxconn 4000
    log stdout format raw daemon notice

defaults
    mode http
    log global
    timeout connect 2s
    timeout client 65s
    timeout server 65s
    timeout check 2s
    retries 1
    option redispatch
    option dontlog-normal

frontend front
    bind 127.0.0.1:{port}
    default_backend nodes

backend nodes
    balance roundrobin
    option httpchk HEAD /api/health
    http-check expect status 200
    default-server inter 500ms fall 2 rise 1
"""


class Balancer(Part):
    """A running HAProxy that gives each request to a healthy node; a context manager."""

    def __init__(self, ports: Mapping[str, int], folder: Path, *, programs: str = FOLDERS) -> None:
        """Start it in front of the nodes' ports, given by node name; `wait` returns when it listens."""
        haproxy = shutil.which("haproxy", path=programs)
        if haproxy is None:
            raise NotStartedError("HAProxy is not installed: apt-get install haproxy (Debian's package haproxy)")
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "balancer.cfg"
        servers = "".join(f"    server {name} 127.0.0.1:{port} check\n" for name, port in ports.items())
        file.write_text(_CONFIGURATION.format(port=self.port) + servers, encoding="utf-8")
        self.process = Child("balancer", [haproxy, "-db", "-f", file], folder / "balancer.log")

    @property
    def url(self) -> str:
        """Root of the HTTP functions behind it."""
        return f"http://127.0.0.1:{self.port}/api"

    def wait(self) -> Self:
        """Return when it listens; NotStartedError when it does not."""
        self.process.wait_for(self._listening, _SECONDS_TO_START)
        return self

    def _up(self) -> Self:
        return self.wait()

    def stop(self) -> None:
        """End it, with the connections that it holds."""
        self.process.stop(5)

    def _listening(self) -> bool | None:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return None
