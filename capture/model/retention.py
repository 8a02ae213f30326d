"""Until when a recording is kept: fixed when it is archived, from then on it can only become later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capture.model.conversation import Conversation
from capture.model.identity import RecordingId

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Expiring:
    """A recording that a node looks at when `at` has come: whether it is still wanted then, the ledger says."""

    at: datetime
    created_on: datetime
    recording_id: RecordingId


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days recordings are kept after their creation; 0: for ever. Queues by their folded names.

    While the queue is not known, the longest of all counts.
    """

    days: int = 0
    by_queue: Mapping[str, int] = field(default_factory=dict)

    def until(self, created_on: datetime, conversation: Conversation | None) -> datetime | None:
        """Until when a recording of this conversation is kept, None: for ever."""
        if conversation is not None:
            days = self.by_queue.get(folded(conversation.queue or ""), self.days)
        else:
            every = (self.days, *self.by_queue.values())
            days = 0 if 0 in every else max(every)
        return created_on + timedelta(days=days) if days else None


def folded(queue: str) -> str:
    """Fold a queue's name: case and the space around it do not matter."""
    return queue.strip().casefold()


def read_rules(text: str) -> dict[str, int]:
    """Read `sales=365, claims=3650`; ValueError says which part is wrong."""
    rules: dict[str, int] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, days = part.rpartition("=")
        if not folded(name) or not days.strip().isdecimal() or int(days) > MOST_DAYS:
            raise ValueError(
                f"{part!r} is not a queue and its days, such as sales=365 (at most {MOST_DAYS}; 0: for ever)"
            )
        if folded(name) in rules:
            raise ValueError(f"{name.strip()!r} is there twice")
        rules[folded(name)] = int(days)
    return rules
