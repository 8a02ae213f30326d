"""What has become of the webhooks: counts by endpoint, and the ids of those that were acknowledged."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Endpoint:
    url: str = ""
    due: int = 0
    acknowledged: int = 0
    failed: int = 0
    suppressed: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        ordered = sorted(self.seconds)
        return {
            "url": self.url,
            "sent": self.acknowledged + self.failed,
            "acknowledged": self.acknowledged,
            "failed": self.failed,
            "pending": self.due - self.acknowledged - self.failed,
            "suppressed": self.suppressed,
            "by_status": dict(self.by_status),
            "p50_ms": _at(ordered, 0.50),
            "p99_ms": _at(ordered, 0.99),
        }


class Figures:
    """Counters since the start or the last reset. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self._endpoints: dict[str, _Endpoint] = {}
            self._acknowledged: dict[str, None] = {}
            self._failed: dict[str, None] = {}
            self._suppressed: dict[str, None] = {}

    def due(self, endpoint: str, url: str) -> None:
        """Count a post that is to be sent."""
        with self._lock:
            found = self._of(endpoint)
            found.url, found.due = url, found.due + 1

    def suppressed(self, endpoint: str, event_id: str) -> None:
        """Count a post that is withheld."""
        with self._lock:
            self._of(endpoint).suppressed += 1
            self._suppressed[event_id] = None

    def tried(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one try and the answer to it; 0 is none."""
        with self._lock:
            found = self._of(endpoint)
            found.by_status[str(status) if status else "none"] += 1
            found.seconds.append(seconds)

    def ended(self, endpoint: str, event_id: str, *, acknowledged: bool) -> None:
        """Count a post that is over."""
        with self._lock:
            found = self._of(endpoint)
            if acknowledged:
                found.acknowledged += 1
                self._acknowledged[event_id] = None
            else:
                found.failed += 1
                self._failed[event_id] = None

    def shown(self) -> dict[str, Any]:
        """Return all counts; ids are those of the queue messages: the job's and the step's, joined by a colon."""
        with self._lock:
            endpoints = {name: endpoint.shown() for name, endpoint in self._endpoints.items()}
            totals = {
                name: sum(endpoint[name] for endpoint in endpoints.values())
                for name in ("sent", "acknowledged", "failed", "pending", "suppressed")
            }
            return {
                **totals,
                "by_endpoint": endpoints,
                "acknowledged_ids": list(self._acknowledged),
                "failed_ids": list(self._failed),
                "suppressed_ids": list(self._suppressed),
            }

    def _of(self, endpoint: str) -> _Endpoint:
        return self._endpoints.setdefault(endpoint, _Endpoint())


def _at(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2) if ordered else None
