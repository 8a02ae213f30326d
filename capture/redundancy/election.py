"""Which node is ACTIVE: the one that holds at least two of the three leases.

Two majorities always share a blob. That is why a new ACTIVE node, which reads the epochs on the blobs it holds and
writes the next one to all of them, always goes beyond every epoch before it. One node has the odd epochs and the other
the even ones: so an epoch is one node's for ever, even where a person lets a node reign without a majority.
"""

from collections.abc import Callable, Mapping

from capture.errors import CaptureError
from capture.model.authority import Active, Ready, Role, Tenure
from capture.model.identity import Epoch, NodeName
from capture.ports import Clock, Lease
from capture.redundancy.regions import LEFT_ALONE, MAJORITY, Regions


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
        regions: Regions,
        clock: Clock,
        *,
        lease_seconds: int,
        margin_seconds: float,
        alone: Callable[[], bool] = lambda: False,
        office: Office | None = None,
    ) -> None:
        """Take the leases of the regions. `alone` tells whether a majority may be done without."""
        self._node = node
        self._odd = node < peer
        self._regions = regions
        self._clock = clock
        self._seconds = lease_seconds
        self._margin = margin_seconds
        self._majority = MAJORITY
        self._alone = alone
        self._office = office or Office()
        self._active: Active | None = None
        self._abstain_until = float("-inf")
        self._perhaps_held: list[Lease] = []

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
        if self.abstaining:
            return Ready(held=0, reachable=len(self._regions), own_store=True)
        was_active = self.active is not None
        role = self._claim(lambda lease: lease.acquire(self._seconds))
        if isinstance(role, Ready) and not (was_active and role.own_store):
            # Another view in this process may have renewed what is let go here, and act on it.
            self._office.leave()
            self._regions.ask_of(self._perhaps_held, lambda lease: lease.release())
        return role

    def abstain(self, seconds: float) -> None:
        """Do not stand for a while; what is held runs out by itself or is released by `resign`."""
        self._active = None
        self._abstain_until = max(self._abstain_until, self._clock.monotonic() + seconds)

    @property
    def abstaining(self) -> bool:
        """Tell whether this node does not stand now."""
        return self._clock.monotonic() < self._abstain_until

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
        # All of them: one whose store has just not answered may be held all the same.
        self._regions.ask_of(self._regions.leases, lambda lease: lease.release())

    def _claim(self, take: Callable[[Lease], bool], *, may_begin: bool = True) -> Role:
        tenure = self._office.tenure  # from before the calls: one that ends meanwhile is over
        started = self._clock.monotonic()  # what the leases are good for is counted from before the calls
        outcomes = self._ask(take)
        held = [lease for lease, outcome in outcomes.items() if outcome is True]
        reachable = sum(not isinstance(outcome, CaptureError) for outcome in outcomes.values())
        # Without an answer the store may have done it all the same; one that was left alone has not even been asked.
        self._perhaps_held = [
            lease for lease, outcome in outcomes.items() if outcome is not False and outcome is not LEFT_ALONE
        ]
        own_store = not isinstance(next(iter(outcomes.values())), CaptureError)
        quorum = self._quorum(outcomes)
        eligible = own_store and len(held) >= quorum
        epoch = self._reign(held, quorum, may_begin=may_begin) if eligible else None
        until = started + self._seconds - self._margin
        if epoch is None or self._clock.monotonic() >= until or tenure.over:
            self._active = None
            return Ready(held=len(held), reachable=reachable, own_store=own_store)
        self._active = Active(epoch, until, tenure)
        return self._active

    def _ask(self, take: Callable[[Lease], bool]) -> dict[Lease, object]:
        outcomes = self._regions.ask(take)
        left = [lease for lease, outcome in outcomes.items() if outcome is LEFT_ALONE]
        if left and sum(outcome is True for outcome in outcomes.values()) < self._majority and self._alone():
            # Who may reign without a majority must not overlook anybody who holds a lease.
            outcomes |= self._regions.ask_of(left, take)
        return outcomes

    def _quorum(self, outcomes: Mapping[Lease, object]) -> int:
        # Without a majority only on a person's word, and never against a node that visibly holds a lease.
        return 1 if not any(outcome is False for outcome in outcomes.values()) and self._alone() else self._majority

    def _reign(self, held: list[Lease], quorum: int, *, may_begin: bool) -> Epoch | None:
        """Find the epoch of this reign: the one this node wrote last, or the next, written to all it holds."""
        reigns = self._regions.ask_of(held, lambda lease: lease.reign())
        read = {lease: reign for lease, reign in reigns.items() if isinstance(reign, tuple)}
        if len(read) < quorum:
            return None
        top = max(epoch for epoch, _ in read.values())
        mine = top > 0 and all(holder == self._node for epoch, holder in read.values() if epoch == top)
        if not mine and not may_begin:
            return None
        epoch = Epoch(top if mine else self._next(top))
        stale = [lease for lease, reign in read.items() if reign != (epoch, self._node)]
        written = self._regions.ask_of(stale, lambda lease: lease.write_reign(epoch, self._node))
        confirmed = len(read) - len(stale) + sum(outcome is True for outcome in written.values())
        return epoch if confirmed >= quorum else None

    def _next(self, top: Epoch) -> Epoch:
        return Epoch(top + 1 if (top + 1) % 2 == self._odd else top + 2)

    def _reigned_last(self) -> bool:
        reigns = list(self._regions.ask(lambda lease: lease.reign()).values())
        if not isinstance(reigns[0], tuple):
            return False  # without its own store it can do nothing, and must not keep the others from the peer
        read = [reign for reign in reigns if isinstance(reign, tuple)]
        top = max((epoch for epoch, _ in read), default=0)
        quorum = 1 if self._alone() else self._majority
        return len(read) >= quorum and all(holder == self._node for epoch, holder in read if epoch == top)
