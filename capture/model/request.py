"""A request to recover or to verify: what is asked, what a person wishes now, and how far it has come.

What is asked never changes. The wish is judged by its time, the progress by epoch and step: so both nodes know the same
of a request in whatever order they hear of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from capture.model.identity import Epoch

MOST_IDS = 1000
"""Ids in one request: what fits into a message to the peer."""


class Kind(StrEnum):
    """What a request does."""

    RECOVER = "recover"
    """Compare Dynamics with the ledger, and fetch what is missing."""
    VERIFY = "verify"
    """Read archived objects again, and compare them with the ledgers and the log."""


class Phase(StrEnum):
    """How far the work has come."""

    WAITING = "waiting"
    LOOKING = "looking"
    """It is being compared."""
    FETCHING = "fetching"
    """All is compared, and some of what was missing is not settled yet."""
    DONE = "done"


class Outcome(StrEnum):
    """What has become of one thing that a request has found."""

    OPEN = "open"
    RECOVERED = "recovered"
    FAILED = "failed"
    REPORTED = "reported"
    """Nothing more is done about it: a dry run, or what no machine can mend."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a request has found: a recording, or a part of the log. `why` says what is wrong with it.

    `id` is a recording's, or names a block of the log. `reason` says why it failed or was only reported.
    """

    id: str
    created_on: datetime
    why: str
    outcome: Outcome = Outcome.OPEN
    reason: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Wish:
    """A person's word: stop, or go on."""

    at: datetime
    stopped: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the ACTIVE node has come, in UTC. `reached`: everything before it is compared; of ids, `compared` is."""

    epoch: Epoch
    step: int
    phase: Phase = Phase.WAITING
    reached: datetime | None = None
    compared: int = 0
    detected: int = 0
    recovered: int = 0
    failed: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Either a period (`start`, `end`) or `ids` of recordings and conversations.

    `sample` (verify only): about so many recordings of the period, chosen anew each time; 0: all of them.
    """

    id: str
    kind: Kind
    asked_at: datetime
    start: datetime | None = None
    end: datetime | None = None
    ids: tuple[str, ...] = ()
    sample: int = 0
    automatic: bool = False
    dry_run: bool = False
    wish: Wish | None = None
    progress: Progress = Progress(Epoch(0), 0)

    @property
    def status(self) -> str:
        """`waiting`, `looking`, `fetching`, `stopped` or `done`."""
        if self.progress.phase is not Phase.DONE and self.wish is not None and self.wish.stopped:
            return "stopped"
        return self.progress.phase.value

    @property
    def live(self) -> bool:
        """Tell whether there is something to do."""
        return self.status not in ("stopped", "done")


@dataclass(frozen=True, slots=True)
class News:
    """What a node tells its peer of a request: how it stands, and what has been found or settled since."""

    request: Request
    items: tuple[Item, ...] = ()


def join_items(items: Iterable[Item]) -> list[Item]:
    """Make one of all that was found about the same thing; what no machine can mend outweighs what can be."""
    joined: dict[tuple[datetime, str], Item] = {}
    for item in items:
        known = joined.setdefault((item.created_on, item.id), item)
        if item.why not in known.why:
            worse = item if item.outcome is Outcome.REPORTED else known
            why = f"{known.why}; {item.why}"
            joined[item.created_on, item.id] = Item(item.id, item.created_on, why, worse.outcome, worse.reason)
    return list(joined.values())


def merge_requests(one: Request, other: Request) -> Request:
    """Join what is known of one request: the later wish, the further progress."""
    wishes = [wish for wish in (one.wish, other.wish) if wish is not None]
    return Request(
        id=one.id,
        kind=one.kind,
        asked_at=one.asked_at,
        start=one.start,
        end=one.end,
        ids=one.ids,
        sample=one.sample,
        automatic=one.automatic,
        dry_run=one.dry_run,
        wish=max(wishes, default=None),
        progress=max(one.progress, other.progress, key=lambda progress: (progress.epoch, progress.step, str(progress))),
    )
