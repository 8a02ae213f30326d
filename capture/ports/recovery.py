"""What is asked of the stores for recovery and evidence."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from capture.model.day import DayReport
from capture.model.evidence import Archived
from capture.model.identity import NodeName
from capture.model.request import Item, Request
from capture.model.retention import Expiring


class Requests(Protocol):
    """Requests to recover or verify, with what each has found."""

    def get(self, request_id: str) -> Request | None:
        """Read one request."""

    def merge(self, request: Request) -> Request:
        """Join it in (insert, or read-merge-write under an ETag) and return what is known now."""

    def listed(self, limit: int) -> list[Request]:
        """Read the latest by `asked_at`, the latest first, at most `limit`."""

    def live(self) -> list[Request]:
        """Read those on which there is something to do (`Request.live`), the oldest first."""

    def remove(self, request_id: str) -> None:
        """Forget a request and all that it has found; no error when it is not there."""

    def put_items(self, request_id: str, items: Iterable[Item]) -> None:
        """Insert or replace what has been found, each once by its id and time."""

    def items(self, request_id: str, limit: int, *, only_open: bool = False) -> list[Item]:
        """Read what has been found, oldest first, at most `limit`."""

    def tally(self, request_id: str) -> dict[str, int]:
        """Count what has been found by its outcome."""


class Days(Protocol):
    """How each day stands."""

    def merge(self, report: DayReport) -> DayReport:
        """Join it in (insert, or read-merge-write under an ETag) and return what is known now."""

    def listed(self, limit: int) -> list[DayReport]:
        """Read the latest days, the latest first, at most `limit`."""


class Log(Protocol):
    """What this node has archived, by the period in which it was noted (see `period_of`). Grows only."""

    def add(self, entry: Archived, period: str) -> None:
        """Note one; the same one twice in a period is one."""

    def of(self, period: str) -> Iterator[Archived]:
        """Read what was noted in a period, in the order of creation."""

    def first_after(self, period: str) -> str | None:
        """The first period after this one with an entry, None when there is none."""


class Evidence(Protocol):
    """The blocks of both nodes' logs, as they lie in one account. A block is written once and never replaced."""

    def add(self, name: str, body: bytes) -> bool:
        """Write a block; False when one of that name is there, which stays."""

    def read(self, name: str) -> bytes | None:
        """Read a block, None when it is not there."""

    def names(self, node: NodeName) -> list[str]:
        """Names of a node's blocks, in the order of their numbers."""


class Expiries(Protocol):
    """When this node looks whether a recording has been kept long enough. The ledger decides, this is an index."""

    def put(self, expiring: Expiring) -> None:
        """Look at a recording at `at`; the same one twice on a day (UTC) is one, the later word counts."""

    def due(self, now: datetime, limit: int) -> list[Expiring]:
        """Read those with `at <= now`, the earliest day first, at most `limit`."""

    def move(self, expiring: Expiring, at: datetime) -> None:
        """Look at it again at `at` instead."""

    def remove(self, expiring: Expiring) -> None:
        """Forget one; no error when it is not there."""
