"""The log of what a node has archived, in blocks of a day, each with the hash of the one before: so changes show.

A block is UTF-8 text, a JSON document a line: first the head, then one for each entry, ordered by time and id.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from capture.model.hold import Hold
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import EXPIRED_BY, Copy, LedgerEntry, Removal


@dataclass(frozen=True, slots=True, order=True)
class Archived:
    """One line of the log: what was archived, where, with which hash; or, with a `note`, who had it removed or held."""

    created_on: datetime
    recording_id: RecordingId
    archived_at: datetime
    path: str
    size: int
    sha256: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a block. `period` is when the entries were logged, by its beginning (see `period_of`).

    `previous` is the SHA-256 of the whole block before, empty in the first one.
    """

    node: NodeName
    number: int
    period: str
    previous: str
    entries: int


def period_of(when: datetime, length: timedelta) -> str:
    """Name the period of a block by its beginning in UTC, as `2026-11-22T0000`: names order as times do."""
    start = datetime.fromtimestamp(when.timestamp() // length.total_seconds() * length.total_seconds(), UTC)
    return f"{start:%Y-%m-%dT%H%M}"


def start_of(period: str) -> datetime:
    """Read what `period_of` wrote."""
    return datetime.strptime(period, "%Y-%m-%dT%H%M").replace(tzinfo=UTC)


def archived(entry: LedgerEntry, copy: Copy) -> Archived:
    """Make the line for one copy of a recording."""
    return Archived(entry.created_on, entry.recording_id, copy.archived_at, copy.path, copy.size, copy.sha256)


def removed(entry: LedgerEntry, copy: Copy, removal: Removal) -> Archived:
    """Make the line for the removal of one copy."""
    note = f"expired: {removal.reason}" if removal.by == EXPIRED_BY else f"removed by {removal.by}: {removal.reason}"
    return Archived(entry.created_on, entry.recording_id, removal.at, copy.path, copy.size, copy.sha256, note)


def held(entry: LedgerEntry, hold: Hold) -> Archived:
    """Make the line for a hold or its release; without a path while nobody has archived the recording."""
    note = f"{'held' if hold.on else 'released'} by {hold.by}: {hold.reason}"
    copy = entry.address
    place = (copy.path, copy.size, copy.sha256) if copy is not None else ("", 0, "")
    return Archived(entry.created_on, entry.recording_id, hold.at, *place, note)


def block(node: NodeName, number: int, period: str, previous: str, entries: Iterable[Archived]) -> bytes:
    """Write a block: the same entries in any order give the same bytes."""
    ordered = sorted(set(entries))
    lines = [
        _line(asdict(Head(node, number, period, previous, len(ordered)))),
        *(_line(asdict(each)) for each in ordered),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def digest(body: bytes) -> str:
    """Hash of a block, in hexadecimal digits."""
    return hashlib.sha256(body).hexdigest()


def read_block(body: bytes) -> tuple[Head, list[Archived]]:
    """Read a block; ValueError when it is none."""
    first, *rest = body.decode().splitlines()
    head = json.loads(first)
    entries = [json.loads(line) for line in rest]
    try:
        return Head(**head), [
            Archived(
                datetime.fromisoformat(each["created_on"]),
                RecordingId(each["recording_id"]),
                datetime.fromisoformat(each["archived_at"]),
                each["path"],
                each["size"],
                each["sha256"],
                each["note"],
            )
            for each in entries
        ]
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a block of the log: {error}") from None


def _line(values: dict[str, object]) -> str:
    return json.dumps(values, default=lambda when: when.isoformat(), separators=(",", ":"), sort_keys=True)
