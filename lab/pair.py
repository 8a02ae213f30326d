"""The whole lab on one machine: three storage accounts, the organisation, and the two nodes of the pair."""

import contextlib
import secrets
import tempfile
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from azure.storage.blob import BlobServiceClient, PublicAccess

from lab.azurite import Azurite
from lab.core_tools import chosen_host
from lab.node import Credential, NodeProcess
from lab.organisation import SOURCE, TENANT, Organisation
from lab.part import Part
from lab.processes import ROOT
from lab.stored import ARCHIVE
from lab.waiting import wait_until

NODES = ("main", "peer")
REGIONS = (*NODES, "witness")


# Shorter than in production, so that a person need not wait: how late rows and files may come is scaled with them.
_LAB_SETTINGS = {
    "WATCH_SCHEDULE": "*/5 * * * * *",
    "SWEEP_SCHEDULE": "*/5 * * * * *",
    "LOOKBACK_MINUTES": "2",
    "LOOKBACK_EVERY_SECONDS": "15",
    "FIRST_LOOKBACK_HOURS": "1",
    "FILE_RECHECK_SECONDS": "5",
    "REASSIGN_AFTER_SECONDS": "60",
    "INGEST_QUEUE": "ingest",
    "WATERMARK_QUEUE": "watermark",
    "SCREEN_QUEUE": "screen",
    "SCREEN_FILE_QUEUE": "screenfile",
    "SCREEN_SWEEP_SCHEDULE": "*/10 * * * * *",
    "RECOVERY_SCHEDULE": "*/10 * * * * *",
    # By itself it would count into every figure; who measures recovery asks for it.
    "RECOVERY_DAYS": "0",
    "VERIFY_SAMPLE": "0",
}


class Pair(Part):
    """Everything, started side by side and ended in order. A context manager; two at a time do not collide."""

    def __init__(
        self,
        label: str,
        *,
        settings: Mapping[str, str] | None = None,
        calls_per_second: float = 0,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare a pair. `label` names its folder, `settings` go to both nodes, `tell` hears of what is going on.

        With `calls_per_second` the organisation produces calls by itself, the first ones before the nodes are up.
        """
        home = ROOT / ".lab"
        home.mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{label}-{datetime.now(UTC):%Y%m%d-%H%M%S}-", dir=home))
        self._settings = {**_LAB_SETTINGS, **(settings or {})}
        self._rate = calls_per_second
        self._tell = tell
        self.host = chosen_host()
        # Both have the same one, so that a webhook with one address and one key may reach either.
        self.key = secrets.token_urlsafe(24)
        self.credentials = {name: Credential(str(uuid.uuid4()), secrets.token_urlsafe(24)) for name in NODES}
        self.storage: dict[str, Azurite] = {}
        self.nodes: dict[str, NodeProcess] = {}
        self._organisation: Organisation | None = None

    @property
    def organisation(self) -> Organisation:
        """The simulated organisation, once it has been started."""
        if self._organisation is None:
            raise RuntimeError("the organisation has not been started")
        return self._organisation

    def start(self) -> Self:
        """Start all parts. Whatever happens on the way, `stop` ends those that have come up."""
        self.start_surroundings()
        self.start_nodes()
        return self

    def start_surroundings(self) -> None:
        """Start the storage accounts and the organisation side by side."""
        for region in REGIONS:
            self.storage[region] = Azurite(f"omni{region}", self.folder)
        clients = {credential.client_id: credential.secret for credential in self.credentials.values()}
        self._organisation = Organisation(clients, self.folder, calls_per_second=self._rate)
        for azurite in self.storage.values():
            azurite.wait()
        self._say("three storage accounts are up: main, peer and witness")
        self._organisation.wait()
        self._say("the organisation is up, with its Entra tenant")
        for name in NODES:
            # Readable without a key, so that a browser can list and play what the nodes archive. In the lab only.
            with BlobServiceClient.from_connection_string(self.storage[name].connection_string) as blobs:
                blobs.create_container(ARCHIVE, public_access=PublicAccess.CONTAINER)

    def start_nodes(self) -> None:
        """Start both nodes side by side and wait until they answer."""
        for name in NODES:
            settings = {**self._node_settings(name), **self._settings}
            self.nodes[name] = NodeProcess(
                name, self.folder / name, self.host, settings, self.organisation.bundle, self.folder, key=self.key
            )
            self.nodes[name].start()
        for node in self.nodes.values():
            node.wait()
        self._say(f"both nodes are up, on {'Core Tools' if self.host else 'the host stand-in'}")

    def active(self) -> list[str]:
        """Names of the nodes that call themselves ACTIVE now: one in normal life."""
        statuses = {name: node.status() for name, node in self.nodes.items() if node.running}
        return [name for name, status in statuses.items() if status is not None and status["role"] == "ACTIVE"]

    def wait_for_active(self, seconds: float, other_than: str | None = None) -> str:
        """Wait until exactly one node (not `other_than`) is ACTIVE and return its name."""
        wait_until(
            "exactly one node is ACTIVE",
            lambda: len(names := self.active()) == 1 and names[0] != other_than,
            seconds,
        )
        return self.active()[0]

    def _up(self) -> Self:
        return self.start()

    def stop(self) -> None:
        """End everything: nodes first, so that they can say farewell; then what they stood on."""
        for node in self.nodes.values():
            node.end()
        for name, node in self.nodes.items():
            went = node.stop()
            self._say(f"node {name} stopped" if went else f"node {name} did not stop by itself and was killed")
        if self._organisation is not None:
            self._organisation.stop()
            self._say("organisation stopped")
        for azurite in self.storage.values():
            azurite.process.end()
        for region, azurite in self.storage.items():
            azurite.stop()
            self._say(f"storage {region} stopped")

    def _say(self, text: str) -> None:
        # When the terminal is gone there is nobody to tell, and stopping goes on all the same.
        with contextlib.suppress(OSError):
            self._tell(text)

    def _node_settings(self, name: str) -> dict[str, str]:
        other = NODES[1 - NODES.index(name)]
        own = self.storage[name].connection_string
        return {
            "AzureWebJobsStorage": own,
            "NODE_NAME": name,
            "PEER_NAME": other,
            "SOURCE_NAME": SOURCE,
            "DYNAMICS_URL": self.organisation.url,
            "DYNAMICS_AUTHORITY": self.organisation.url,
            "DYNAMICS_TENANT_ID": TENANT,
            "DYNAMICS_CLIENT_ID": self.credentials[name].client_id,
            "DYNAMICS_CLIENT_SECRET": self.credentials[name].secret,
            "OWN_STORAGE": own,
            "PEER_STORAGE": self.storage[other].connection_string,
            "WITNESS_STORAGE": self.storage["witness"].connection_string,
        }
