"""Conversation rows that came with a page of recordings, kept until `describe` asks for them."""

import threading
from collections import OrderedDict
from datetime import datetime

from capture.omnichannel.rows import Row
from capture.ports import Clock

_FRESH_SECONDS = 60.0
"""An older row is read again: the call may have ended meanwhile."""

_MOST_ROWS = 5000
"""The largest page there is."""


class Aside:
    """Rows by conversation, each with the time when it was read. Bounded in number and age. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, tuple[Row, datetime, float]] = OrderedDict()

    def put(self, conversation_id: str, row: Row, read_at: datetime) -> None:
        """Keep a row; the oldest go when there are too many."""
        with self._lock:
            self._rows[conversation_id] = (row, read_at, self._clock.monotonic())
            self._rows.move_to_end(conversation_id)
            while len(self._rows) > _MOST_ROWS:
                self._rows.popitem(last=False)

    def get(self, conversation_id: str) -> tuple[Row, datetime] | None:
        """Return a fresh row and when it was read."""
        with self._lock:
            kept = self._rows.get(conversation_id)
        if kept is None or self._clock.monotonic() - kept[2] > _FRESH_SECONDS:
            return None
        return kept[0], kept[1]
