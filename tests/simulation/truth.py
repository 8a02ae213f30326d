"""What really is the case, kept beside the world: only invariants read it, never the nodes."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush

from capture.model.identity import RecordingId
from tests.simulation.calls import Call
from tests.simulation.clock import NodeClock
from tests.simulation.host import Host
from tests.simulation.kernel import SLOW, Kernel, Task
from tests.simulation.network import Line
from tests.simulation.story import Story
from tests.stores.account import MemoryAccount
from tests.stores.clock import START

_MOST = 20
_TOLD = 60
_WORDS = 600
_LEASE = 15.0


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never happen, and the ids it is about."""

    at: float
    invariant: str
    text: str
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.at:10.3f}  {self.invariant}: {self.text}"


@dataclass(slots=True)
class Order:
    """A command as it travels. `slack` is by how much sending it may have lengthened its life."""

    recording: RecordingId
    created_on: datetime
    epoch: int
    assigned_by: str
    deadline: float  # seconds since the start, by the clock of the node that assigned
    attempt: int
    slack: float = 0.0


@dataclass
class Truth:
    """The accounts, links and hosts, and what has become of each recording."""

    kernel: Kernel
    story: Story
    kind: str
    accounts: dict[str, MemoryAccount]
    lines: dict[tuple[str, str], Line]
    clocks: dict[str, NodeClock]
    hosts: dict[str, Host] = field(default_factory=dict)
    calls: dict[RecordingId, Call] = field(default_factory=dict)
    copies: dict[RecordingId, list[str]] = field(default_factory=dict)
    parked: dict[RecordingId, str] = field(default_factory=dict)
    commanded: dict[RecordingId, float] = field(default_factory=dict)
    open: int = 0
    second_copies: int = 0
    failovers: int = 0
    paused_at: dict[str, float] = field(default_factory=dict)
    alone_until: dict[str, float] = field(default_factory=dict)
    calm_since: float = 0.0
    reigns: dict[int, str] = field(default_factory=dict)
    blob_epochs: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    excerpt: list[str] = field(default_factory=list)
    _unfinished: list[tuple[datetime, RecordingId]] = field(default_factory=list)
    _orders: dict[bytes, Order] = field(default_factory=dict)

    def violated(self, invariant: str, text: str, *about: str) -> None:
        """Keep a violation, and of the first what led to it. After some nothing new is to be learnt from a history."""
        if len(self.violations) < _MOST:
            self.violations.append(Violation(self.kernel.now, invariant, text[:_WORDS], about))
            self.story.note("", "VIOLATED", invariant, text)
            if len(self.violations) == 1:
                self.excerpt = self.story.lines(*about, last=_TOLD)

    def created(self, call: Call) -> None:
        """A row exists, though perhaps nobody can see it yet."""
        self.calls[call.recording.id] = call
        self.open += 1
        heappush(self._unfinished, (call.recording.created_on, call.recording.id))

    def finished(self, recording: RecordingId) -> bool:
        """Tell whether a recording is in an archive, or parked."""
        return recording in self.copies or recording in self.parked

    def oldest_unfinished(self) -> tuple[datetime, RecordingId] | None:
        """Find the oldest recording that is neither."""
        while self._unfinished and self.finished(self._unfinished[0][1]):
            heappop(self._unfinished)
        return self._unfinished[0] if self._unfinished else None

    def held(self, node: str) -> int:
        """How many leases a node really holds now."""
        return sum(self._holder(account) == node for account in self.accounts)

    def allowed_alone(self, node: str) -> bool:
        """Tell whether a person has said that a node may reign without a majority, and what it took then still lasts.

        Never against a node that it sees: where it can reach a lease that the other one holds, it may not.
        """
        if self.kernel.now >= self.alone_until.get(node, 0.0) + _LEASE:
            return False
        return not any(
            line.node == node and line.good_for() > 2 * _LEASE and self._holder(account) not in (None, node)
            for (_, account), line in self.lines.items()
        )

    def reigns_now(self, node: str) -> bool:
        """Tell whether a node has the leases that it needs to do authoritative work."""
        return self.held(node) >= (1 if self.allowed_alone(node) else 2)

    def active(self) -> str | None:
        """Name the node that has the leases it needs and says so."""
        for node in self.hosts:
            beat = self.accounts[node].stores.heartbeats.beats.get(node)  # type: ignore[call-overload]
            if beat is not None and beat[0].role == "ACTIVE" and self.reigns_now(node):
                return node
        return None

    def _holder(self, account: str) -> str | None:
        state = self.accounts[account].stores.lease.state
        return state.holder if self.kernel.now < state.until else None

    def order(self, body: bytes) -> Order:
        """Read a command; each body once."""
        found = self._orders.get(body)
        if found is None:
            command = json.loads(body)
            row = command["recording"]
            found = self._orders[body] = Order(
                row["id"],
                datetime.fromisoformat(row["created_on"]),
                command["epoch"],
                command["assigned_by"],
                (datetime.fromisoformat(command["deadline"]) - START).total_seconds(),
                command["attempt"],
            )
        return found

    def excused(self, task: Task | None, within: float = 0.0) -> bool:
        """Tell whether a call, or one in the seconds before it, was slow, or its process stopped during it."""
        if task is None or task.owner is None:
            return True
        now = self.kernel.now
        since = max(min(task.called_at, now - within), task.began)
        return (
            now - task.called_at > SLOW
            or task.slow_at > now - within
            or self.kernel.paused(task.owner)
            or self.paused_at.get(task.owner, float("-inf")) >= since
        )
