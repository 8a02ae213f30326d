"""Both nodes of a pair in one process: the real composition over stores in memory and a clock moved by hand."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording
from capture.node import Node
from capture.redundancy.together import one_by_one
from capture.screen.background import Background, at_once
from capture.settings import Settings
from tests.source import FakeSource
from tests.stores.account import MemoryAccount, MemoryStores
from tests.stores.clock import FakeClock
from tests.stores.queues import MemoryQueue, Message

SAMPLE: dict[str, str] = json.loads((Path(__file__).parents[1] / "local.settings.sample.json").read_text())["Values"]
NAMES = ("main", "peer")


def audio(size: int = 2000, seed: int = 0) -> bytes:
    """Bytes that begin like an mp3."""
    return b"ID3\x04" + bytes((at * 7 + seed) % 251 for at in range(size - 4))


@dataclass
class Member:
    """One node with its view of the world. Kill it by not calling it; restart it by `Pair.start`."""

    node: Node
    own: MemoryStores
    peer: MemoryStores
    witness: MemoryStores

    @property
    def epoch(self) -> int:
        """The epoch of this node's last heartbeat."""
        beat = self.own.heartbeats.read(self.node.name)
        return beat[0].epoch if beat else 0

    @property
    def role(self) -> str:
        """The role of this node's last heartbeat."""
        beat = self.own.heartbeats.read(self.node.name)
        return beat[0].role.value if beat else "NONE"


@dataclass
class Pair:
    """Three accounts, one organisation, two nodes."""

    settings: dict[str, str] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    accounts: dict[str, MemoryAccount] = field(init=False)
    source: FakeSource = field(init=False)
    members: dict[str, Member] = field(init=False)
    published: int = 0
    background: Background = at_once

    def __post_init__(self) -> None:
        self.accounts = {name: MemoryAccount(self.clock) for name in (*NAMES, "witness")}
        self.source = FakeSource(self.clock)
        self.members = {}
        for name in NAMES:
            self.start(name)

    def start(self, name: str) -> Member:
        """Start a node, or start it again: nothing in its memory survives."""
        other = NAMES[1 - NAMES.index(name)]
        environ = {**SAMPLE, **self.settings, "NODE_NAME": name, "PEER_NAME": other}
        own, peer = self.accounts[name].open(name), self.accounts[other].open(name)
        witness = self.accounts["witness"].open(name)
        node = Node(
            Settings.from_env(environ),
            own,
            peer,
            witness.lease,
            self.source,
            self.clock,
            one_by_one,
            background=self.background,
        )
        self.members[name] = Member(node, own, peer, witness)
        return self.members[name]

    def publish(self, content: bytes | None = None, *, conversation: str | None = "c1", ago: float = 0) -> Recording:
        """Let Dynamics have one more recording, created `ago` seconds before now."""
        self.published += 1
        recording = Recording(
            id=RecordingId(f"r{self.published:04}"),
            created_on=(self.clock.now() - timedelta(seconds=ago)).replace(microsecond=0),
            conversation_id=ConversationId(conversation) if conversation else None,
        )
        return self.source.publish(recording, audio(seed=self.published) if content is None else content)

    def publish_without_file(self, *, conversation: str | None = "c1") -> Recording:
        """Let Dynamics have a row whose file has not come yet."""
        self.published += 1
        recording = Recording(
            RecordingId(f"r{self.published:04}"),
            self.clock.now().replace(microsecond=0),
            ConversationId(conversation) if conversation else None,
        )
        return self.source.publish(recording, None)

    def everything_is_archived(self) -> bool:
        """Tell whether the archives have all that has a file, and nothing else."""
        with_file = {row.id for row in self.source.rows.values() if row.file_id is not None}
        return self.archived("main") | self.archived("peer") == with_file

    def ledgers(self) -> list[dict[str, str | None]]:
        """Recording and who archived it, as each node's ledger has it."""
        far = timedelta(days=30)
        return [
            {
                entry.recording_id: entry.address.node if entry.address else None
                for entry in self.members[name].own.ledger.between(self.clock.now() - far, self.clock.now() + far)
            }
            for name in NAMES
        ]

    def work(self, name: str) -> int:
        """Let a node's queue functions run until nothing visible is left. Return how many messages it handled."""
        node, own = self.members[name].node, self.members[name].own
        functions: list[tuple[MemoryQueue, Callable[[Message], None]]] = [
            (own.ingest, lambda message: node.ingest(message.body, message.dequeue_count)),
            (own.watermarks, lambda message: node.merge(message.body)),
            (own.screens, lambda message: node.screen(message.body)),
            (own.screen_files, lambda message: node.screen_file(message.body)),
        ]
        handled = 0
        while batch := [(*each, message) for each in functions for message in each[0].receive(4)]:
            for queue, function, message in batch:
                function(message)
                queue.delete(message)
                handled += 1
        return handled

    def turn(self, *names: str) -> None:
        """One tick and one sweep of each node (both unless told), and all work that follows."""
        for name in names or NAMES:
            self.members[name].node.tick()
            self.members[name].node.sweep()
            self.members[name].node.screen_sweep()
        for name in (*(names or NAMES), *(names or NAMES)):
            self.work(name)
        self.clock.advance(5)

    def archived(self, name: str) -> set[str]:
        """Ids of the recordings in a node's archive."""
        return {blob.entry.recording_id for blob in self.accounts[name].stores.archive.blobs.values()}

    def queue(self, name: str) -> MemoryQueue:
        """A node's ingest queue."""
        return self.accounts[name].stores.ingest
