"""The simulated Dynamics organisation as a part of the lab: its process, and what the lab asks of it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import requests

from lab.processes import Child

TENANT = "11111111-2222-4333-8444-555555555555"
"""Tenant id of the simulated Entra."""

SOURCE = "contoso"
"""Short name of the organisation; part of every archive path."""

_SECONDS_TO_START = 60.0
_SECONDS_TO_ANSWER = 30.0


class Organisation:
    """A running `lab.dynamics`. `clients` are the client ids of the nodes with their secrets."""

    def __init__(self, clients: Mapping[str, str], folder: Path, *, calls_per_second: float = 0) -> None:
        """Start the process; `wait` returns when it answers. With a rate, calls end by themselves."""
        self.bundle = folder / "certificates" / "bundle.pem"
        self.bundle.parent.mkdir(parents=True, exist_ok=True)
        arguments: list[str | Path] = ["--certificates", self.bundle.parent, "--organisation", SOURCE]
        arguments += ["--rate", str(calls_per_second)]
        for client_id, secret in clients.items():
            arguments += ["--client", f"{client_id}:{secret}"]
        log = folder / "organisation.log"
        self.process = Child("organisation", [sys.executable, "-m", "lab.dynamics", *arguments], log)
        self._https = self._http = 0
        self._session = requests.Session()
        self._session.trust_env = False  # a company's proxy has no business between two processes of one machine

    def wait(self) -> Self:
        """Return when both ports are open."""
        line = self.process.wait_for_line(r"^ready https=(\d+) http=(\d+)", _SECONDS_TO_START)
        self._https, self._http = int(line[1]), int(line[2])
        return self

    @property
    def url(self) -> str:
        """Root of the Web API, and of the token endpoint."""
        return f"https://localhost:{self._https}"

    @property
    def control(self) -> str:
        """Root of the lab's control interface."""
        return f"http://127.0.0.1:{self._http}"

    def publish(self, count: int, **shape: object) -> None:
        """Let `count` calls end; `shape` goes to POST /lab/calls as it is."""
        self._ask("POST", "/lab/calls", {"count": count, **shape})

    def published(self, *, hashes: bool = True) -> list[dict[str, Any]]:
        """What was published, with the hash of every file: the truth that the archives are checked against."""
        answer = self._ask("GET", f"/lab/published?hashes={str(hashes).lower()}")
        return answer if isinstance(answer, list) else []

    def totals(self) -> tuple[int, int]:
        """How many calls with recordings have ended, and how many recordings they have."""
        published = self.published(hashes=False)
        return len({truth["conversation_id"] for truth in published}), len(published)

    def stats(self) -> dict[str, Any]:
        """What the nodes have asked for so far."""
        answer = self._ask("GET", "/lab/stats")
        return answer if isinstance(answer, dict) else {}

    def polls(self) -> list[dict[str, Any]]:
        """When which client listed recordings by time, and the status of the answer."""
        answer = self._ask("GET", "/lab/polls")
        return answer if isinstance(answer, list) else []

    def live(self, agent: int | str, steps: list[list[object]] | str, **more: object) -> str:
        """Let a call happen now and return its conversation; see `lab.dynamics.live` for the steps."""
        answer = self._ask("POST", "/lab/live", {"agent": agent, "steps": steps, **more})
        return str(answer["conversation_id"]) if isinstance(answer, dict) else ""

    def live_truth(self) -> list[dict[str, Any]]:
        """Every agent in every live call, with its times and whether the screen is to be kept."""
        answer = self._ask("GET", "/lab/live")
        return answer if isinstance(answer, list) else []

    def agents(self) -> list[dict[str, Any]]:
        """The agents, in the order by which live calls number them."""
        answer = self._ask("GET", "/lab/agents")
        return answer if isinstance(answer, list) else []

    def webhooks(self) -> dict[str, Any]:
        """What has become of the webhooks: counts, and the ids of those that were acknowledged."""
        answer = self._ask("GET", "/lab/webhooks")
        return answer if isinstance(answer, dict) else {}

    def reset_webhooks(self) -> None:
        """Begin to count webhooks anew."""
        self._ask("POST", "/lab/webhooks/reset")

    def change_row(self, set_name: str, row_id: str, **values: object) -> None:
        """Change columns of a row, as somebody in Dynamics would; webhooks follow."""
        self._ask("PATCH", f"/lab/rows/{set_name}/{row_id}", values)

    def faults(self, **faults: object) -> None:
        """Switch faults on or off; they go to POST /lab/faults as they are."""
        self._ask("POST", "/lab/faults", faults)

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._ask("DELETE", "/lab/faults")

    def stop(self) -> None:
        """End the organisation."""
        self._session.close()
        self.process.stop(5)

    def _ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any] | list[dict[str, Any]]:
        answer = self._session.request(method, f"{self.control}{path}", json=body, timeout=_SECONDS_TO_ANSWER)
        answer.raise_for_status()
        document: dict[str, Any] | list[dict[str, Any]] = answer.json()
        return document
