"""Where the suite runs: one account in memory or in the emulator, seen by two nodes, and what the ports do not show."""

import time
from dataclasses import dataclass, replace
from typing import Protocol

import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import BinaryBase64DecodePolicy, QueueServiceClient

from capture import ports
from capture.connection import StorageConnection
from capture.storage.stores import Names, open_own_store, open_witness
from tests.stores.account import MemoryAccount, MemoryStores
from tests.stores.clock import FakeClock
from tests.stores.leases import MemoryLease

BLOCK = 64 * 1024
"""Bytes of a block: small, so that uploads of several blocks are quick."""


class Stores(Protocol):
    """All of one account, as one node sees it."""

    @property
    def lease(self) -> ports.Lease: ...
    @property
    def heartbeats(self) -> ports.Heartbeats: ...
    @property
    def archive(self) -> ports.Archive: ...
    @property
    def ingest(self) -> ports.Queue: ...
    @property
    def watermarks(self) -> ports.Queue: ...
    @property
    def ledger(self) -> ports.Ledger: ...
    @property
    def jobs(self) -> ports.Jobs: ...
    @property
    def interactions(self) -> ports.Interactions: ...
    @property
    def open_conversations(self) -> ports.OpenConversations: ...
    @property
    def outbox(self) -> ports.Outbox: ...
    @property
    def state(self) -> ports.State: ...
    @property
    def screens(self) -> ports.Queue: ...
    @property
    def screen_outbox(self) -> ports.Outbox: ...
    @property
    def sessions(self) -> ports.Sessions: ...
    @property
    def workstations(self) -> ports.Workstations: ...
    @property
    def alarms(self) -> ports.Alarms: ...
    @property
    def catalogue(self) -> ports.Catalogue: ...
    @property
    def reigns(self) -> ports.Reigns: ...
    @property
    def listenings(self) -> ports.Listenings: ...
    @property
    def boards(self) -> ports.Boards: ...
    @property
    def staged(self) -> ports.Staged: ...
    @property
    def requests(self) -> ports.Requests: ...
    @property
    def expiries(self) -> ports.Expiries: ...
    @property
    def days(self) -> ports.Days: ...
    @property
    def log(self) -> ports.Log: ...
    @property
    def evidence(self) -> ports.Evidence: ...


class World(Protocol):
    """One account, seen by the nodes `main` and `peer`."""

    @property
    def main(self) -> Stores: ...
    @property
    def peer(self) -> Stores: ...

    def fresh_leases(self) -> tuple[ports.Lease, ports.Lease]:
        """Another lease blob, where nothing is prepared, as `main` and as `peer` see it."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def receive(self) -> list[bytes]:
        """Take what is visible in the ingest queue, and leave it hidden for a second."""

    def recording(self, path: str) -> bytes | None:
        """Read a recording from the archive."""

    def sidecar(self, path: str) -> bytes | None:
        """Read a sidecar from the archive."""

    def append(self, address: str, data: bytes) -> None:
        """Append to a staged recording at a signed address, as a desktop does."""


class MemoryWorld:
    """In memory, with a clock that stands still."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.account = MemoryAccount(self.clock)
        self.main: MemoryStores = self.account.open("main")
        self.peer: MemoryStores = self.account.open("peer")

    def fresh_leases(self) -> tuple[ports.Lease, ports.Lease]:
        lease = MemoryLease(self.clock, "main")
        return lease, lease.held_by("peer")

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def receive(self) -> list[bytes]:
        return [message.body for message in self.main.ingest.receive(32, visibility=1)]

    def recording(self, path: str) -> bytes | None:
        blob = self.main.archive.blobs.get(path)
        return blob.data if blob is not None else None

    def append(self, address: str, data: bytes) -> None:
        self.main.staged.append(address, data)

    def sidecar(self, path: str) -> bytes | None:
        return self.main.archive.sidecars.get(path)


@dataclass
class AzuriteWorld:
    """In an account of the emulator."""

    connection_string: str

    def __post_init__(self) -> None:
        self._connection = StorageConnection("OWN_STORAGE", connection_string=self.connection_string)
        self._names = [Names(node, "coordination", "recordings", "ingest", "watermark") for node in ("main", "peer")]
        self.main, self.peer = (open_own_store(self._connection, names, block_bytes=BLOCK) for names in self._names)
        self.main.ensure()
        blobs = BlobServiceClient.from_connection_string(self.connection_string)
        self._archive = blobs.get_container_client("recordings")
        queues = QueueServiceClient.from_connection_string(self.connection_string)
        self._queue = queues.get_queue_client("ingest", message_decode_policy=BinaryBase64DecodePolicy())

    def fresh_leases(self) -> tuple[ports.Lease, ports.Lease]:
        main, peer = (open_witness(self._connection, replace(names, lease_container="other")) for names in self._names)
        return main, peer

    def wait(self, seconds: float) -> None:
        time.sleep(seconds + 0.1)

    def receive(self) -> list[bytes]:
        return [message.content for message in self._queue.receive_messages(max_messages=32, visibility_timeout=1)]

    def recording(self, path: str) -> bytes | None:
        try:
            return self._archive.download_blob(path).readall()
        except ResourceNotFoundError:
            return None

    def append(self, address: str, data: bytes) -> None:
        if requests.put(f"{address}&comp=appendblock", data=data, timeout=10).status_code != 404:
            return
        # Only where there is none: this signature does not allow to replace what is there.
        create = {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"}
        assert requests.put(address, headers=create, timeout=10).status_code == 201
        assert requests.put(f"{address}&comp=appendblock", data=data, timeout=10).status_code == 201

    def sidecar(self, path: str) -> bytes | None:
        return self.recording(path)
