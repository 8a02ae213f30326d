"""The tables of a node in memory: dictionaries by the same keys."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import reduce

from capture.model.conversation import Conversation, Interaction, latest, merge_interactions
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import LedgerEntry, Tally, merge_entries
from capture.model.recording import Job, JobState
from tests.stores.store import Store, operation

type Key = tuple[datetime, RecordingId]


def _key(created_on: datetime, recording_id: RecordingId) -> Key:
    return created_on.astimezone(UTC), recording_id


class MemoryLedger(Store):
    """`entries` by time and id."""

    kind = "ledger"

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[Key, LedgerEntry] = {}

    @operation
    def get(self, recording_id: RecordingId, created_on: datetime) -> LedgerEntry | None:
        return self.entries.get(_key(created_on, recording_id))

    @operation
    def merge(self, entry: LedgerEntry) -> LedgerEntry:
        key = _key(entry.created_on, entry.recording_id)
        known = self.entries.get(key)
        self.entries[key] = entry if known is None else merge_entries(known, entry)
        return self.entries[key]

    @operation
    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        return {recording_id for created_on, recording_id in self.entries if start <= created_on <= end}

    @operation
    def states(self, start: datetime, end: datetime) -> dict[RecordingId, str]:
        return {key[1]: entry.state for key, entry in self.entries.items() if start <= key[0] <= end}

    @operation
    def calls(self, start: datetime, end: datetime) -> Iterator[tuple[RecordingId, ConversationId | None, str]]:
        found = [(key, self.entries[key]) for key in sorted(self.entries) if start <= key[0] <= end]
        return iter([(key[1], entry.conversation_id, entry.state) for key, entry in found])

    @operation
    def tally(self, start: datetime, end: datetime) -> Tally:
        found = [entry for (when, _), entry in self.entries.items() if start <= when <= end]
        by_node = Counter(entry.address.node for entry in found if entry.address is not None)
        return Tally(dict(by_node), sum(len(entry.copies - entry.lost) > 1 for entry in found))

    @operation
    def between(self, start: datetime, end: datetime) -> Iterator[LedgerEntry]:
        return iter([self.entries[key] for key in sorted(self.entries) if start <= key[0] <= end])


class MemoryJobs(Store):
    """`jobs` by time and id."""

    kind = "jobs"

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[Key, Job] = {}

    @operation
    def put(self, jobs: Iterable[Job]) -> None:
        self.jobs |= {_key(job.recording.created_on, job.recording.id): job for job in jobs}

    @operation
    def remove(self, recording_id: RecordingId, created_on: datetime) -> None:
        self.jobs.pop(_key(created_on, recording_id), None)

    @operation
    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        return {recording_id for created_on, recording_id in self.jobs if start <= created_on <= end}

    @operation
    def between(self, start: datetime, end: datetime) -> Iterator[Job]:
        return iter([self.jobs[key] for key in sorted(self.jobs) if start <= key[0] <= end])

    @operation
    def due(self, now: datetime, limit: int, state: JobState) -> list[Job]:
        ordered = (self.jobs[key] for key in sorted(self.jobs))
        return [job for job in ordered if job.state is state and job.due <= now][:limit]

    @operation
    def given_to(self, node: NodeName, limit: int) -> list[Job]:
        ordered = (self.jobs[key] for key in sorted(self.jobs))
        return [job for job in ordered if job.state is JobState.ASSIGNED and job.node == node][:limit]

    @operation
    def oldest(self) -> datetime | None:
        return min(self.jobs)[0] if self.jobs else None

    @operation
    def outstanding(self) -> dict[NodeName | None, int]:
        return dict(Counter(job.node if job.state is JobState.ASSIGNED else None for job in self.jobs.values()))


class MemoryInteractions(Store):
    """`facts` by interaction: each once, in any order."""

    kind = "interactions"

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, set[tuple[LedgerEntry | None, Conversation | None]]] = {}

    @operation
    def add(self, entry: LedgerEntry, conversation: Conversation | None) -> None:
        key = entry.conversation_id or f"recording-{entry.recording_id}"
        self.facts.setdefault(key, set()).add((entry, conversation))

    @operation
    def add_reading(self, conversation: Conversation) -> None:
        facts = self.facts.setdefault(conversation.id, set())
        readings = {fact for fact in facts if fact[0] is None}
        facts -= readings
        facts.add((None, latest((conversation, *(reading for _, reading in readings)))))

    @operation
    def get(self, key: str) -> Interaction | None:
        facts = self.facts.get(key)
        if facts is None:
            return None
        parts = (Interaction(key, reading, () if entry is None else (entry,)) for entry, reading in facts)
        return reduce(merge_interactions, parts, Interaction(key))

    @operation
    def keys(self) -> Iterator[str]:
        return iter(list(self.facts))


class MemoryOpenConversations(Store):
    """`waiting`: when each is due, and the wait until then."""

    kind = "open_conversations"

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[ConversationId, tuple[datetime, float]] = {}

    @operation
    def put(self, conversation_id: ConversationId, due: datetime, wait: float) -> None:
        self.waiting[conversation_id] = (due, wait)

    @operation
    def remove(self, conversation_id: ConversationId) -> None:
        self.waiting.pop(conversation_id, None)

    @operation
    def due(self, now: datetime, limit: int) -> list[tuple[ConversationId, float]]:
        overdue = sorted((due, name, wait) for name, (due, wait) in self.waiting.items() if due <= now)
        return [(name, wait) for _, name, wait in overdue[:limit]]


class MemoryOutbox(Store):
    """`messages` by key; keys order as the messages came."""

    kind = "outbox"

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, bytes] = {}
        self._numbers = itertools.count()

    @operation
    def put(self, message: bytes, now: datetime) -> None:
        self.messages[f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%f}|{next(self._numbers):012d}"] = message

    @operation
    def oldest(self, limit: int) -> list[tuple[str, bytes]]:
        return sorted(self.messages.items())[:limit]

    @operation
    def since(self) -> datetime | None:
        if not self.messages:
            return None
        return datetime.strptime(min(self.messages).partition("|")[0], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)

    @operation
    def remove(self, key: str) -> None:
        self.messages.pop(key, None)

    @operation
    def count(self, limit: int) -> int:
        return min(limit, len(self.messages))
