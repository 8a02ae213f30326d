"""One node of the pair as a process: its folder, its settings, its life and death, and its status over HTTP."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from lab.core_tools import Launch, launch
from lab.processes import Child, free_port

_SECONDS_TO_START = 180.0  # Core Tools fetch the extension bundle on their first start
_SECONDS_TO_STOP = 20.0


@dataclass(frozen=True, slots=True)
class Credential:
    """A node's own app registration in the simulated Entra."""

    client_id: str
    secret: str


class NodeProcess:
    """A node that can be started, killed and started again, always on the same port and with the same settings."""

    def __init__(
        self,
        name: str,
        folder: Path,
        host: Path | None,
        settings: Mapping[str, str],
        bundle: Path,
        folder_of_logs: Path,
        *,
        key: str | None = None,
    ) -> None:
        """Lay out the node's folder; `host` is Core Tools' `func`, or None for the stand-in. `key` admits callers."""
        self.name = name
        self.port = free_port()
        self.log = folder_of_logs / f"{name}.log"
        self._key = key or secrets.token_urlsafe(24)
        self._master_key = secrets.token_urlsafe(24)
        self._launch: Launch = launch(
            host,
            folder,
            self.port,
            {
                "IsEncrypted": False,
                "Values": {"FUNCTIONS_WORKER_RUNTIME": "python", **settings},
                "Host": {"FunctionKey": self._key, "MasterKey": self._master_key},
            },
        )
        # These two override what the product says itself (see "Traps of the Python HTTP stack" in requests and MSAL).
        self._environ = {
            **self._launch.environ,
            "REQUESTS_CA_BUNDLE": str(bundle),
            "CURL_CA_BUNDLE": str(bundle),
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }
        self._child: Child | None = None
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def url(self) -> str:
        """Root of the node's HTTP functions."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def root(self) -> str:
        """Address of the node's host, as a workstation is told."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def status_url(self) -> str:
        """Address of its status with the key, for a browser."""
        return f"{self.url}/status?code={self._key}"

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._child is not None and self._child.running

    @property
    def pid(self) -> int | None:
        """Id of its process, None when it was never started."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the process and return at once."""
        self._child = Child(
            f"node {self.name}", self._launch.command, self.log, folder=self._launch.folder, environ=self._environ
        )

    def wait(self) -> None:
        """Return when the host answers; NotStartedError with the end of its log when it does not."""
        if self._child is not None:
            self._child.wait_for(lambda: self.health() or None, _SECONDS_TO_START)

    def kill(self) -> float:
        """SIGKILL. Return the wall-clock time of it, in seconds since 1970."""
        at = time.time()
        if self._child is not None:
            self._child.kill()
        return at

    def end(self) -> None:
        """Ask it to stop and return at once."""
        if self._child is not None:
            self._child.end()

    def stop(self) -> bool:
        """Ask it to stop and wait for it. Tell whether it went by itself."""
        self._session.close()
        return self._child is None or self._child.stop(_SECONDS_TO_STOP)

    def pause(self) -> None:
        """Freeze it, as a machine that stalls."""
        if self._child is not None:
            self._child.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        if self._child is not None:
            self._child.resume()

    def health(self) -> int:
        """HTTP status of its health, 0 when it does not answer."""
        try:
            return self._session.get(f"{self.url}/health", timeout=5).status_code
        except requests.RequestException:
            return 0

    def status(self) -> dict[str, Any] | None:
        """Its own view of things, None when it does not answer or cannot say."""
        try:
            answer = self._session.get(f"{self.url}/status", headers={"x-functions-key": self._key}, timeout=5)
            return dict(answer.json()) if answer.ok else None
        except (requests.RequestException, ValueError):
            return None

    def hand_over(self, to: str) -> float:
        """Order that the node `to` be ACTIVE. Return the wall-clock time of it; requests.HTTPError when refused."""
        at = time.time()
        headers = {"x-functions-key": self._master_key}
        self._session.post(f"{self.url}/role", json={"active": to}, headers=headers, timeout=10).raise_for_status()
        return at

    def count(self, event: str) -> int:
        """How often this node has logged an event, over all its lives."""
        marker = f"event={event} "
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return sum(marker in line for line in lines)
