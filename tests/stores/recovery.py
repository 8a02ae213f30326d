"""Requests, the log and its blocks in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from capture.model.day import DayReport, merge_days
from capture.model.evidence import Archived
from capture.model.identity import NodeName
from capture.model.request import Item, Outcome, Request, merge_requests
from capture.model.retention import Expiring
from tests.stores.store import Store, operation


class MemoryRequests(Store):
    """`requests` by id, `found` by request, then by time and id."""

    kind = "requests"

    def __init__(self) -> None:
        super().__init__()
        self.requests: dict[str, Request] = {}
        self.found: dict[str, dict[tuple[datetime, str], Item]] = {}

    @operation
    def get(self, request_id: str) -> Request | None:
        return self.requests.get(request_id)

    @operation
    def merge(self, request: Request) -> Request:
        known = self.requests.get(request.id)
        self.requests[request.id] = request if known is None else merge_requests(known, request)
        return self.requests[request.id]

    @operation
    def listed(self, limit: int) -> list[Request]:
        return sorted(self.requests.values(), key=lambda each: (each.asked_at, each.id), reverse=True)[:limit]

    @operation
    def live(self) -> list[Request]:
        found = (request for request in self.requests.values() if request.live)
        return sorted(found, key=lambda each: (each.asked_at, each.id))

    @operation
    def remove(self, request_id: str) -> None:
        self.requests.pop(request_id, None)
        self.found.pop(request_id, None)

    @operation
    def put_items(self, request_id: str, items: Iterable[Item]) -> None:
        self.found.setdefault(request_id, {}).update({(item.created_on, item.id): item for item in items})

    @operation
    def items(self, request_id: str, limit: int, *, only_open: bool = False) -> list[Item]:
        found = self.found.get(request_id, {})
        ordered = (found[key] for key in sorted(found))
        return [item for item in ordered if not only_open or item.outcome is Outcome.OPEN][:limit]

    @operation
    def tally(self, request_id: str) -> dict[str, int]:
        return dict(Counter(item.outcome.value for item in self.found.get(request_id, {}).values()))


class MemoryDays(Store):
    """`days` by their dates."""

    kind = "days"

    def __init__(self) -> None:
        super().__init__()
        self.days: dict[str, DayReport] = {}

    @operation
    def merge(self, report: DayReport) -> DayReport:
        known = self.days.get(report.day)
        self.days[report.day] = report if known is None else merge_days(known, report)
        return self.days[report.day]

    @operation
    def listed(self, limit: int) -> list[DayReport]:
        return [self.days[day] for day in sorted(self.days, reverse=True)][:limit]


class MemoryLog(Store):
    """`entries` by period."""

    kind = "log"

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, dict[tuple[datetime, str, str, str, str], Archived]] = {}

    @operation
    def add(self, entry: Archived, period: str) -> None:
        told_apart = (entry.note, entry.archived_at.isoformat(), entry.path) if entry.note else ("", "", "")
        self.entries.setdefault(period, {})[entry.created_on, entry.recording_id, *told_apart] = entry

    @operation
    def of(self, period: str) -> Iterator[Archived]:
        found = self.entries.get(period, {})
        return iter([found[key] for key in sorted(found)])

    @operation
    def first_after(self, period: str) -> str | None:
        return min((each for each in self.entries if each > period), default=None)


class MemoryEvidence(Store):
    """`blocks` by name."""

    kind = "evidence"

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, bytes] = {}

    @operation
    def add(self, name: str, body: bytes) -> bool:
        return self.blocks.setdefault(name, body) is body

    @operation
    def read(self, name: str) -> bytes | None:
        return self.blocks.get(name)

    @operation
    def names(self, node: NodeName) -> list[str]:
        return sorted(name for name in self.blocks if name.startswith(f"node={node}/"))


class MemoryExpiries(Store):
    """`expiring` by day and recording."""

    kind = "expiries"

    def __init__(self) -> None:
        super().__init__()
        self.expiring: dict[tuple[str, datetime, str], Expiring] = {}

    @operation
    def put(self, expiring: Expiring) -> None:
        self.expiring[_key(expiring)] = expiring

    @operation
    def due(self, now: datetime, limit: int) -> list[Expiring]:
        return [self.expiring[key] for key in sorted(self.expiring) if self.expiring[key].at <= now][:limit]

    @operation
    def move(self, expiring: Expiring, at: datetime) -> None:
        self.expiring.pop(_key(expiring), None)
        later = replace(expiring, at=at)
        self.expiring[_key(later)] = later

    @operation
    def remove(self, expiring: Expiring) -> None:
        self.expiring.pop(_key(expiring), None)


def _key(expiring: Expiring) -> tuple[str, datetime, str]:
    return f"{expiring.at.astimezone(UTC):%Y%m%d}", expiring.created_on, expiring.recording_id
