"""Verification: the log's blocks first, then the ledgers beside each other, then the archived objects themselves.

Both ledgers hold the same facts in the end, so what one lacks is taken from the other: that is mended, and told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice

from capture.audio.finish import Finisher
from capture.model.evidence import Archived, Head
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import LedgerEntry
from capture.model.request import Item, Outcome, Request
from capture.ports import Clock, Ledger
from capture.recovery.chain import Chain
from capture.recovery.objects import Objects

_AT_ONCE = 50
_IN_FLIGHT = timedelta(seconds=60)
"""What was archived so lately may be on its way to the other ledger."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_BLOCKS_OF_A_SAMPLE = 8
_MOST_TRIES = 5
_NEAR, _TOGETHER = 500, 10
_AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a part of the work has found. `reached` is where it goes on; `ended` says that there is no more."""

    items: Sequence[Item]
    reached: datetime | None
    compared: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """Checks a part at a time. `chance` gives a number from 0 to 1."""

    node: NodeName
    ledger: Ledger
    peer_ledger: Ledger
    chain: Chain
    objects: Objects
    finisher: Finisher
    clock: Clock
    chance: Callable[[], float]

    def part(self, request: Request) -> Checked:
        """Do the next part of a request, from where its progress stands."""
        start, end = request.start or _BEGINNING, request.end or self.clock.now()
        if request.progress.step <= 1:
            latest = _BLOCKS_OF_A_SAMPLE if request.sample else None
            broken, blocks = self.chain.check(latest)
            return Checked([*broken, *self._log_against_ledger(blocks)], start, 0)
        if request.sample:
            return self._drawn(request, start, end)
        return self._walked(request.progress.reached or start, end)

    def _walked(self, start: datetime, end: datetime) -> Checked:
        ends = [_last_of(ledger, start, end) for ledger in (self.ledger, self.peer_ledger)]
        until = min((each for each in ends if each is not None), default=end)
        own = {entry.recording_id: entry for entry in self.ledger.between(start, until)}
        other = {entry.recording_id: entry for entry in self.peer_ledger.between(start, until)}
        items = []
        for key in sorted(own.keys() | other.keys()):
            items += self._checked(own.get(key), other.get(key))
        return Checked(items, until + _AN_INSTANT, len(own.keys() | other.keys()), ended=until >= end)

    def _drawn(self, request: Request, start: datetime, end: datetime) -> Checked:
        first = next(self.ledger.between(start, end), None)
        wanted = min(_AT_ONCE, request.sample - request.progress.compared)
        drawn: dict[str, LedgerEntry] = {}
        for _ in range(_MOST_TRIES * wanted if first is not None else 0):
            if first is None or len(drawn) >= wanted:
                break
            # A few of those that follow a moment: every look into the ledger reads a page of it.
            at = first.created_on + (end - first.created_on) * self.chance()
            near = list(islice(self.ledger.between(at, end), _NEAR)) or [first]
            for _ in range(min(_TOGETHER, wanted - len(drawn))):
                entry = near[int(self.chance() * len(near)) % len(near)]
                drawn[entry.recording_id] = entry
        for entry in islice(self.ledger.between(start, end), _NEAR):  # where nearly all lies in few hours
            if len(drawn) >= wanted:
                break
            drawn.setdefault(entry.recording_id, entry)
        items: list[Item] = []
        for entry in drawn.values():
            items += self._checked(entry, self.peer_ledger.get(entry.recording_id, entry.created_on))
        done = request.progress.compared + len(drawn) >= request.sample or len(drawn) < wanted
        return Checked(items, start, len(drawn), ended=done)

    def _checked(self, own: LedgerEntry | None, other: LedgerEntry | None) -> list[Item]:
        known = own or other
        if known is None:
            return []
        items = self._compared(known, own, other)
        return [*items, *self.objects.check(known)]

    def _compared(self, known: LedgerEntry, own: LedgerEntry | None, other: LedgerEntry | None) -> list[Item]:
        if own is None or other is None:
            latest = max((copy.archived_at for copy in known.copies), default=known.created_on)
            if self.clock.now() - latest < _IN_FLIGHT:
                return []
            if own is None:
                self.finisher.keep(known, None)
                return [Item(known.recording_id, known.created_on, f"missing in the ledger of {self.node}")]
            self.finisher.notifier.tell(known, None)
            return [Item(known.recording_id, known.created_on, "missing in the other node's ledger")]
        said = {(copy.node, copy.path, copy.archived_at): (copy.size, copy.sha256) for copy in other.copies}
        return [
            Item(
                known.recording_id,
                known.created_on,
                f"the ledgers disagree about {copy.path} in {copy.node}'s archive",
                Outcome.REPORTED,
                f"{self.node} says {copy.size} bytes with {copy.sha256}, the other node {size} bytes with {sha256}",
            )
            for copy in sorted(own.copies)
            for size, sha256 in [said.get((copy.node, copy.path, copy.archived_at), (copy.size, copy.sha256))]
            if (size, sha256) != (copy.size, copy.sha256)
        ]

    def _log_against_ledger(self, blocks: Sequence[tuple[Head, list[Archived]]]) -> list[Item]:
        items: list[Item] = []
        for head, entries in blocks:
            for _, hour in groupby(entries, key=lambda each: f"{each.created_on:%Y%m%d%H}"):
                lines = list(hour)
                known = {e.recording_id: e for e in self.ledger.between(lines[0].created_on, lines[-1].created_on)}
                items += [item for line in lines if (item := self._line(head, line, known)) is not None]
        return items

    def _line(self, head: Head, line: Archived, known: Mapping[RecordingId, LedgerEntry]) -> Item | None:
        if line.note:
            return None  # it tells of a removal
        entry = known.get(line.recording_id)
        copies = [] if entry is None else [copy for copy in entry.copies if copy.archived_at == line.archived_at]
        if not copies:
            found = self.objects.archives[head.node].find(line.path.rpartition(".")[0])
            why = f"in the log of {head.node} ({head.period}), but not in the ledger"
            if found is None:
                return Item(
                    line.recording_id, line.created_on, why, Outcome.REPORTED, "it is not in the archive either"
                )
            self.finisher.keep(found, None)
            self.finisher.notifier.tell(found, None)
            return Item(line.recording_id, line.created_on, why)
        if any((copy.size, copy.sha256) == (line.size, line.sha256) for copy in copies):
            return None
        told = f"the log of {head.node} ({head.period}) says {line.size} bytes with {line.sha256}"
        return Item(line.recording_id, line.created_on, "log and ledger disagree", Outcome.REPORTED, told)


def _last_of(ledger: Ledger, start: datetime, end: datetime) -> datetime | None:
    """Time of the last of the next entries; None when there are fewer, so all of them fit into one part."""
    some = list(islice(ledger.between(start, end), _AT_ONCE))
    return some[-1].created_on if len(some) == _AT_ONCE else None
