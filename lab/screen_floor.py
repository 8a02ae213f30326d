"""The floor of a contact centre on one machine: desks with virtual displays, the balancer, and the registration."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Self

from lab.balancer import Balancer
from lab.desk import Desk
from lab.organisation import TENANT
from lab.pair import NODES, Pair
from lab.part import Part
from lab.processes import ROOT, NotStartedError

RECEIVER = "/recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter"
"""Path of the webhooks' receiver below a node's root of functions."""

_REGISTER_SECONDS = 60


def screen_settings(secret: str) -> dict[str, str]:
    """Settings of both nodes for a floor whose desks derive their keys from this secret."""
    return {"DESKTOP_SECRET": secret}


class Floor(Part):
    """A pair with desks in front of it. A context manager; the pair is started and stopped with it."""

    def __init__(
        self,
        label: str,
        desks: int,
        *,
        settings: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare a floor. `label` names the folder, `settings` go to both nodes, `tell` hears what is going on."""
        self._secret = secrets.token_urlsafe(24)
        self._count = desks
        self._tell = tell
        self.pair = Pair(label, settings={**screen_settings(self._secret), **(settings or {})}, tell=tell)
        self.desks: list[Desk] = []
        self._balancer: Balancer | None = None

    @property
    def balancer(self) -> Balancer:
        """The load balancer, once it has been started."""
        if self._balancer is None:
            raise RuntimeError("the balancer has not been started")
        return self._balancer

    def start(self) -> Self:
        """Start the pair, the balancer and the desks, and have every desk signed in to both nodes."""
        self.pair.start_surroundings()
        agents = self.pair.organisation.agents()[: self._count]
        for number, agent in enumerate(agents, start=1):
            self.desks.append(Desk(f"pc-{number:04}", agent, self.pair.folder / "desks"))
        self.pair.start_nodes()
        self._balancer = Balancer({name: node.port for name, node in self.pair.nodes.items()}, self.pair.folder)
        self._balancer.wait()
        self._tell("the load balancer is up")
        for desk in self.desks:
            desk.display.wait()
        self.sign_in()
        return self

    def sign_in(self) -> None:
        """Start the recorder of every desk and wait until it is signed in to both nodes."""
        roots = [self.pair.nodes[name].root for name in NODES]
        for desk in self.desks:
            desk.sign_in(roots, self._secret)
        for desk in self.desks:
            desk.wait(len(roots))
        self._tell(f"{len(self.desks)} desks are signed in to both nodes")

    def register(self, *, two_endpoints: bool) -> None:
        """Register the webhook with the product's own command: the balancer's address, or both nodes'."""
        first, second = (self.pair.nodes[name].url for name in NODES)
        urls = ["--url", f"{first}{RECEIVER}", "--url2", f"{second}{RECEIVER}"]
        if not two_endpoints:
            urls = ["--url", f"{self.balancer.url}{RECEIVER}"]
        command = [sys.executable, "-m", "capture", "webhook", "register", *urls, "--key-from", "LAB_WEBHOOK_KEY"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_REGISTER_SECONDS,
            cwd=ROOT,
            env=self._environ(),
        )
        if done.returncode != 0:
            raise NotStartedError(f"the webhooks could not be registered:\n{done.stdout}{done.stderr}")

    def _up(self) -> Self:
        return self.start()

    def stop(self) -> None:
        """End the desks, then the balancer, then the pair."""
        for desk in self.desks:
            desk.stop()
        if self._balancer is not None:
            self._balancer.stop()
        self._tell("desks and load balancer stopped")
        self.pair.stop()

    def _environ(self) -> dict[str, str]:
        organisation, credential = self.pair.organisation, self.pair.credentials[NODES[0]]
        return {
            **os.environ,
            "DYNAMICS_URL": organisation.url,
            "DYNAMICS_AUTHORITY": organisation.url,
            "DYNAMICS_TENANT_ID": TENANT,
            "DYNAMICS_CLIENT_ID": credential.client_id,
            "DYNAMICS_CLIENT_SECRET": credential.secret,
            "REQUESTS_CA_BUNDLE": str(organisation.bundle),
            "CURL_CA_BUNDLE": str(organisation.bundle),
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
            "LAB_WEBHOOK_KEY": self.pair.key,
        }
