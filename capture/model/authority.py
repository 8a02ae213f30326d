"""Roles, watermarks and heartbeats: whatever carries an epoch. A lower epoch than one already seen is refused."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from capture.errors import Superseded
from capture.model.identity import Epoch, NodeName


@dataclass(slots=True)
class Tenure:
    """Tells those who act as ACTIVE in this process that the role has been given up meanwhile."""

    over: bool = False


@dataclass(frozen=True, slots=True)
class Active:
    """The right to query Dynamics and to assign work, until the monotonic time `until` (seconds) of this process.

    Leader-only use cases take it as an argument, so that a READY node cannot call them by mistake.
    """

    epoch: Epoch
    until: float
    tenure: Tenure = field(default_factory=Tenure, compare=False)

    def check(self, monotonic: float) -> None:
        """Raise Superseded when `monotonic` is past the time until which the leases hold, or when they were let go."""
        if self.tenure.over:
            raise Superseded(f"epoch {self.epoch}: this node has given the role up")
        if monotonic >= self.until:
            message = f"epoch {self.epoch}: the lease may have run out, authoritative work stops here"
            raise Superseded(message)


@dataclass(frozen=True, slots=True)
class Ready:
    """The other role: works, but does not query.

    `held` is how many of the three leases this node got in its last try, `reachable` how many answered, `own_store`
    whether the one in its own region did.
    """

    held: int
    reachable: int
    own_store: bool


type Role = Active | Ready


@dataclass(frozen=True, slots=True, order=True)
class Watermark:
    """Everything listed by Dynamics with a `createdon` before `low` is finished, said in epoch `epoch`."""

    epoch: Epoch
    low: datetime


def merge_watermarks(one: Watermark | None, other: Watermark | None) -> Watermark | None:
    """Choose the one of the higher epoch; in one epoch the later. So it never goes back within an epoch."""
    return max((mark for mark in (one, other) if mark is not None), default=None)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the tail has been read in this epoch: the highest `createdon` seen.

    `began_at` is when the reign began: what was created before may have been worked on by the node before. `since` is
    the low watermark that it began with.
    """

    epoch: Epoch
    high: datetime
    began_at: datetime
    since: datetime | None = None


class RoleName(StrEnum):
    """How a node calls its role."""

    ACTIVE = "ACTIVE"
    READY = "READY"
    RESIGNED = "RESIGNED"
    """Was ACTIVE and gave it up at once: the peer need not wait for a lease to run out."""


@dataclass(frozen=True, slots=True)
class Preference:
    """A person's word, given in epoch `epoch`: `node` shall be ACTIVE whenever it can.

    Until `alone_until` it may be so without a majority, while the other two regions cannot be reached.
    """

    epoch: Epoch
    at: datetime
    node: NodeName
    alone_until: datetime | None = None


def merge_preferences(one: Preference | None, other: Preference | None) -> Preference | None:
    """Choose the one of the higher epoch; in one epoch the later."""
    return max((each for each in (one, other) if each is not None), key=_rank, default=None)


def _rank(preference: Preference) -> tuple[Epoch, datetime, NodeName, datetime]:
    alone = preference.alone_until or datetime.min.replace(tzinfo=UTC)
    return preference.epoch, preference.at, preference.node, alone


@dataclass(frozen=True, slots=True, order=True)
class Revocation:
    """What the ACTIVE node of epoch `epoch` gave its peer until `at` (its own clock) is void: it gives it out again."""

    epoch: Epoch
    at: datetime

    def covers(self, epoch: Epoch, assigned_at: datetime) -> bool:
        """Tell whether an assignment of that epoch and time is void."""
        return epoch < self.epoch or (epoch == self.epoch and assigned_at <= self.at)


def merge_revocations(one: Revocation | None, other: Revocation | None) -> Revocation | None:
    """Choose the one of the higher epoch; in one epoch the later."""
    return max((each for each in (one, other) if each is not None), default=None)


@dataclass(frozen=True, slots=True, order=True)
class Yields:
    """How often in a row, and when last, this node left the role to the one that is preferred."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a node says of itself every tick. `at` is its own wall clock, for people; freshness is the store's.

    `able` says that its own store answered, without which a node can do no work at all. `well_seconds` is for how long
    it would have been fit to be ACTIVE, as far as it knows.
    """

    node: NodeName
    at: datetime
    role: RoleName
    epoch: Epoch
    watermark: Watermark | None = None
    able: bool = True
    well_seconds: float = 0.0
    preference: Preference | None = None
    revocation: Revocation | None = None
