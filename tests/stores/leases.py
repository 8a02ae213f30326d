"""A lease blob in memory, with the rules of Azure: an expired lease may be renewed as long as nobody else took it."""

from dataclasses import dataclass, field, replace

from capture.errors import Permanent
from capture.model.identity import Epoch, NodeName
from capture.ports import Clock
from tests.stores.store import Store, operation


@dataclass
class LeaseState:
    """Who holds the blob until when (monotonic), and what is written on it."""

    holder: str | None = None
    until: float = 0.0
    seconds: int = 15
    epoch: Epoch = field(default=Epoch(0))
    node: NodeName | None = None


class MemoryLease(Store):
    """One node's hold on a lease blob; `state` is the blob, shared by all who see it."""

    kind = "lease"

    def __init__(self, clock: Clock, identity: str, state: LeaseState | None = None) -> None:
        super().__init__()
        self._clock = clock
        self.identity = identity
        self.state = LeaseState() if state is None else state

    def held_by(self, identity: str) -> "MemoryLease":
        """The same blob for another node."""
        other = self.view(self.link)
        other.identity = identity
        return other

    def peek(self) -> LeaseState:
        """Look at the blob without calling the store."""
        return replace(self.state)

    @operation
    def acquire(self, seconds: int) -> bool:
        if not 15 <= seconds <= 60:
            raise Permanent("a lease lasts 15 to 60 seconds")
        if self._taken() and self.state.holder != self.identity:
            return False
        self.state.holder, self.state.seconds = self.identity, seconds
        self.state.until = self._clock.monotonic() + seconds
        return True

    @operation
    def renew(self, seconds: int) -> bool:
        del seconds
        if self.state.holder != self.identity:
            return False
        self.state.until = self._clock.monotonic() + self.state.seconds
        return True

    @operation
    def release(self) -> None:
        if self.state.holder == self.identity:
            self.state.holder = None

    @operation
    def reign(self) -> tuple[Epoch, NodeName | None]:
        return self.state.epoch, self.state.node

    @operation
    def write_reign(self, epoch: Epoch, node: NodeName) -> bool:
        if not self._taken() or self.state.holder != self.identity:
            return False
        self.state.epoch, self.state.node = epoch, node
        return True

    def _taken(self) -> bool:
        return self.state.holder is not None and self._clock.monotonic() < self.state.until
