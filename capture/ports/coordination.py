"""What the nodes meet at: leases, heartbeats, queues."""

from typing import Protocol

from capture.model.authority import Heartbeat
from capture.model.identity import Epoch, NodeName


class Lease(Protocol):
    """One of the three lease blobs. `acquire` with the same id is acquire-or-renew, from any instance of a node."""

    def acquire(self, seconds: int) -> bool:
        """Take or renew; False when the other node holds it."""

    def renew(self, seconds: int) -> bool:
        """Renew only; False when this node's id does not hold it any more."""

    def release(self) -> None:
        """Give it up; no error when it is not held."""

    def reign(self) -> tuple[Epoch, NodeName | None]:
        """Read the epoch written on the blob, and by whom."""

    def write_reign(self, epoch: Epoch, node: NodeName) -> bool:
        """Write the epoch under the lease; False when the lease is not held any more."""


class Heartbeats(Protocol):
    """Heartbeats in one node's store."""

    def write(self, heartbeat: Heartbeat) -> None:
        """Replace this node's heartbeat."""

    def read(self, node: NodeName) -> tuple[Heartbeat, float] | None:
        """Read a node's heartbeat and its age in seconds by the store's own clock."""


class Queue(Protocol):
    """A queue of commands or notifications. Messages are JSON."""

    def send(self, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        """Append a message, visible after `delay` seconds, gone after `ttl` seconds (None: never)."""

    def hold(self, body: bytes, seconds: float) -> str:
        """Append a message, hidden for `seconds`, and return what `let_go` takes."""

    def let_go(self, held: str) -> None:
        """Delete a message that was appended by `hold`; no error when somebody has received it meanwhile."""

    def length(self) -> int:
        """About how many messages wait."""
