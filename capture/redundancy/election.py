"""Which node is ACTIVE: the one that holds at least two of the three leases.

Two majorities always share a blob. That is why a new ACTIVE node, which reads the epochs on the blobs it holds and
writes the next one to all of them, always goes beyond every epoch before it. One node has the odd epochs and the other
the even ones: so an epoch is one node's for ever, even where a person lets a node reign without a majority.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from capture.errors import CaptureError
from capture.model.authority import Active, Ready, Role, Tenure
from capture.model.identity import Epoch, NodeName
from capture.ports import Clock, Lease
from capture.redundancy.together import Together, one_by_one


class Office:
    """The tenure that goes on in this process, shared by all its views of the leases."""

    def __init__(self) -> None:
        """Begin with a fresh one."""
        self.tenure = Tenure()

    def leave(self) -> None:
        """End what goes on: whoever acts on it stops at its next check."""
        self.tenure.over = True
        self.tenure = Tenure()


class Election:
    """One node's view of the three leases. Safe to use from several instances of the same node."""

    def __init__(
        self,
        node: NodeName,
        peer: NodeName,
        leases: Sequence[Lease],
        clock: Clock,
        *,
        lease_seconds: int,
        margin_seconds: float,
        alone: Callable[[], bool] = lambda: False,
        office: Office | None = None,
        together: Together = one_by_one,
    ) -> None:
        """Take the leases, the one in the own region first. `alone` tells whether a majority may be done without."""
        self._node = node
        self._odd = node < peer
        self._leases = tuple(leases)
        self._clock = clock
        self._seconds = lease_seconds
        self._margin = margin_seconds
        self._together = together
        self._majority = len(self._leases) // 2 + 1
        self._alone = alone
        self._office = office or Office()
        self._active: Active | None = None
        self._abstain_until = float("-inf")
        self._perhaps_held: Sequence[Lease] = ()

    @property
    def active(self) -> Active | None:
        """The authority this process holds now, None when it has none or its time is over."""
        if self._active is not None and not self._active.tenure.over and self._clock.monotonic() < self._active.until:
            return self._active
        return None

    def stand(self) -> Role:
        """Acquire or renew, and become or stay ACTIVE with a majority. Without one, release what was taken.

        A node that was ACTIVE until now keeps what it still holds for one more try: losing contact for a moment
        must not hand the leases over. But a node that cannot reach its own store (the first lease) could do nothing
        as ACTIVE, and lets go at once. Never raises.
        """
        if self._clock.monotonic() < self._abstain_until:
            return Ready(held=0, reachable=len(self._leases), own_store=True)
        was_active = self.active is not None
        role = self._claim(lambda lease: lease.acquire(self._seconds))
        if isinstance(role, Ready) and not (was_active and role.own_store):
            # Another view in this process may have renewed what is let go here, and act on it.
            self._office.leave()
            self._release(self._perhaps_held)
        return role

    def abstain(self, seconds: float) -> None:
        """Do not stand for a while; what is held runs out by itself or is released by `resign`."""
        self._active = None
        self._abstain_until = max(self._abstain_until, self._clock.monotonic() + seconds)

    def stand_again(self) -> None:
        """Abstain no longer."""
        self._abstain_until = float("-inf")

    def hold(self, seconds: float) -> Active | None:
        """Renew only, never take: for functions that need the authority but must not change who has it.

        It is good for `seconds` at most: another instance of this node may hand the role over meanwhile.
        """
        # A lease that this node has no claim to is not touched: a stray renewal may prolong what a dead node left.
        if not self._reigned_last():
            return None
        role = self._claim(lambda lease: lease.renew(self._seconds), may_begin=False)
        if not isinstance(role, Active):
            return None
        # From after the calls: a region that hangs would use the time up before the work begins.
        return Active(role.epoch, min(role.until, self._clock.monotonic() + seconds), role.tenure)

    def resign(self, abstain_seconds: float) -> None:
        """Give the leases up at once, and do not stand again for `abstain_seconds`. Never raises."""
        self._office.leave()
        self.abstain(abstain_seconds)
        self._release(self._leases)

    def _claim(self, take: Callable[[Lease], bool], *, may_begin: bool = True) -> Role:
        tenure = self._office.tenure  # from before the calls: one that ends meanwhile is over
        started = self._clock.monotonic()  # what the leases are good for is counted from before the calls
        outcomes = self._together([partial(take, lease) for lease in self._leases])
        held = [lease for lease, outcome in zip(self._leases, outcomes, strict=True) if outcome is True]
        reachable = sum(not isinstance(outcome, CaptureError) for outcome in outcomes)
        # Without an answer the store may have done it all the same.
        self._perhaps_held = [lease for lease, done in zip(self._leases, outcomes, strict=True) if done is not False]
        own_store = not isinstance(outcomes[0], CaptureError)
        quorum = self._quorum(outcomes)
        eligible = own_store and len(held) >= quorum
        epoch = self._reign(held, quorum, may_begin=may_begin) if eligible else None
        until = started + self._seconds - self._margin
        if epoch is None or self._clock.monotonic() >= until or tenure.over:
            self._active = None
            return Ready(held=len(held), reachable=reachable, own_store=own_store)
        self._active = Active(epoch, until, tenure)
        return self._active

    def _quorum(self, outcomes: Sequence[object]) -> int:
        # Without a majority only on a person's word, and never against a node that visibly holds a lease.
        return 1 if not any(outcome is False for outcome in outcomes) and self._alone() else self._majority

    def _reign(self, held: Sequence[Lease], quorum: int, *, may_begin: bool) -> Epoch | None:
        """Find the epoch of this reign: the one this node wrote last, or the next, written to all it holds."""
        reigns = self._together([lease.reign for lease in held])
        read = {lease: reign for lease, reign in zip(held, reigns, strict=True) if isinstance(reign, tuple)}
        if len(read) < quorum:
            return None
        top = max(epoch for epoch, _ in read.values())
        mine = top > 0 and all(holder == self._node for epoch, holder in read.values() if epoch == top)
        if not mine and not may_begin:
            return None
        epoch = Epoch(top if mine else self._next(top))
        stale = [lease for lease, reign in read.items() if reign != (epoch, self._node)]
        written = self._together([partial(lease.write_reign, epoch, self._node) for lease in stale])
        confirmed = len(read) - len(stale) + sum(outcome is True for outcome in written)
        return epoch if confirmed >= quorum else None

    def _next(self, top: Epoch) -> Epoch:
        return Epoch(top + 1 if (top + 1) % 2 == self._odd else top + 2)

    def _reigned_last(self) -> bool:
        reigns = self._together([lease.reign for lease in self._leases])
        read = [reign for reign in reigns if isinstance(reign, tuple)]
        top = max((epoch for epoch, _ in read), default=0)
        quorum = 1 if self._alone() else self._majority
        return len(read) >= quorum and all(holder == self._node for epoch, holder in read if epoch == top)

    def _release(self, leases: Iterable[Lease]) -> None:
        self._together([lease.release for lease in leases])
