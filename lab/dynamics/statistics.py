"""What clients have asked for: counts, and the times by which a failover can be measured."""

import threading
from collections import Counter, deque
from datetime import datetime
from typing import Any

from lab.dynamics.schema import RECORDING

LIST_OF_RECORDINGS = RECORDING.set_name

_POLLS_KEPT = 10_000


class Statistics:
    """Counters since the start or the last reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        with self._lock:
            self._calls = 0
            self._by_client: Counter[str] = Counter()
            self._by_kind: Counter[str] = Counter()
            self._by_client_and_kind: dict[str, Counter[str]] = {}
            self._by_status: Counter[str] = Counter()
            self._recording_lists: dict[str, dict[str, Any]] = {}
            self._polls: deque[dict[str, Any]] = deque(maxlen=_POLLS_KEPT)
            self._tokens: Counter[str] = Counter()
            self._downloads: Counter[str] = Counter()
            self._download_status: Counter[str] = Counter()
            self._bytes = 0

    def note_call(self, client_id: str, kind: str, status: int, now: datetime) -> None:
        """Count a call of the Web API by a client that is known."""
        with self._lock:
            self._calls += 1
            self._by_client[client_id] += 1
            self._by_kind[kind] += 1
            self._by_client_and_kind.setdefault(client_id, Counter())[kind] += 1
            self._by_status[str(status)] += 1
            if kind == LIST_OF_RECORDINGS:
                stamp = _stamp(now)
                seen = self._recording_lists.setdefault(client_id, {"first": stamp, "count": 0})
                seen["last"] = stamp
                seen["count"] += 1

    def note_poll(self, client_id: str, status: int, now: datetime) -> None:
        """Note when a client listed recordings by time, which is how new ones are found. The oldest are forgotten."""
        with self._lock:
            self._polls.append({"client_id": client_id, "at": _stamp(now), "status": status})

    def polls(self) -> list[dict[str, Any]]:
        """Return every poll with its client, its time of arrival and the status of its answer, in order of answers."""
        with self._lock:
            return list(self._polls)

    def note_token(self, client_id: str) -> None:
        """Count a request of the token endpoint."""
        with self._lock:
            self._tokens[client_id] += 1

    def note_download(self, client_id: str, status: int) -> None:
        """Count a request of the download host."""
        with self._lock:
            self._downloads[client_id] += 1
            self._download_status[str(status)] += 1

    def note_bytes(self, count: int) -> None:
        """Count bytes of recordings that have been sent."""
        with self._lock:
            self._bytes += count

    def shown(self) -> dict[str, Any]:
        """Return all counts as one document."""
        with self._lock:
            return {
                "dataverse_calls": self._calls,
                "by_client": dict(self._by_client),
                "by_kind": dict(self._by_kind),
                "by_client_and_kind": {client: dict(kinds) for client, kinds in self._by_client_and_kind.items()},
                "by_status": dict(self._by_status),
                "recording_lists": {client: dict(seen) for client, seen in self._recording_lists.items()},
                "token_requests": dict(self._tokens),
                "file_downloads": self._downloads.total(),
                "file_downloads_by_client": dict(self._downloads),
                "file_downloads_by_status": dict(self._download_status),
                "bytes": self._bytes,
            }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
