"""Is an assignment still good? A worker asks before it begins and before it commits."""

from datetime import datetime

from capture.errors import Superseded, Transient
from capture.model.authority import Revocation, merge_revocations
from capture.model.identity import Epoch, NodeName
from capture.ports import Clock
from capture.redundancy.presence import Presence
from capture.redundancy.regions import Regions


class Fence:
    """The highest epoch and the last revocation that this node has heard of, read at most once in `fresh_seconds`.

    A node that comes back from the dead learns here that its old assignments are over, before it works on them. Whoever
    gives them out again waits as long as a worker may go on believing what it read (see `Assigner`).
    """

    def __init__(
        self,
        peer: NodeName,
        regions: Regions,
        presence: Presence,
        clock: Clock,
        *,
        fresh_seconds: float,
    ) -> None:
        """Take the regions, whose blobs carry the epochs, and the presence, which hears the peer's revocations."""
        self._peer = peer
        self._regions = regions
        self._presence = presence
        self._clock = clock
        self._fresh = fresh_seconds
        self._highest = Epoch(0)
        self._revocation: Revocation | None = None
        self._epochs_at = self._revocation_at = float("-inf")

    def highest(self) -> Epoch:
        """Return the highest epoch. Blobs that cannot be reached are left out; Transient when none ever could."""
        now = self._clock.monotonic()
        if now - self._epochs_at >= self._fresh:
            asked = self._regions.ask(lambda lease: lease.reign())
            reigns = [reign for reign in asked.values() if isinstance(reign, tuple)]
            if not reigns and self._highest == 0:
                raise Transient("no lease blob can be reached to learn the epoch")
            self._highest = max(self._highest, *(epoch for epoch, _ in reigns), Epoch(0))
            self._epochs_at = now
        return self._highest

    def check(self, assigned_by: NodeName, epoch: Epoch, assigned_at: datetime) -> None:
        """Raise Superseded when the assignment's epoch is over, or the peer has taken it back."""
        if epoch < (highest := self.highest()):
            raise Superseded(f"epoch {epoch} is over, {highest} has begun: the recording is assigned anew")
        if assigned_by != self._peer:
            return
        revocation = self._last_revocation()
        if revocation is not None and revocation.covers(epoch, assigned_at):
            raise Superseded("the assignment was taken back while this node was not heard of")

    def _last_revocation(self) -> Revocation | None:
        now = self._clock.monotonic()
        if now - self._revocation_at >= self._fresh:
            heard = self._presence.peer()
            if heard is not None:
                self._revocation = merge_revocations(self._revocation, heard[0].revocation)
            self._revocation_at = now
        return self._revocation
