"""What the peer must hear and could not be told yet: a row for each message, a partition for each of its queues."""

import uuid
from datetime import datetime
from itertools import count, islice

from azure.data.tables import TableClient, UpdateMode

from capture.storage import rows
from capture.storage.failures import failures

TO_WATERMARKS, TO_SCREENS = "outbox", "screens"
"""What waits for the peer's queue of notifications, and for its queue of facts about screens."""


class TableOutbox:
    """The outbox, in the table `outbox`."""

    def __init__(self, table: TableClient, setting: str, partition: str = TO_WATERMARKS) -> None:
        """Take the table, the setting that names its account, and which part of it this is."""
        self._table = table
        self._partition = partition
        self._setting = setting
        self._numbers = count()

    def put(self, message: bytes, now: datetime) -> None:
        """Keep a message (UTF-8 text) for later."""
        # The number keeps messages of one moment in order, the random part keeps the node's instances apart.
        name = f"{next(self._numbers):012d}-{uuid.uuid4().hex}"
        row = {
            "PartitionKey": self._partition,
            "RowKey": rows.timed_key(now, name),
            **rows.spread("message", message.decode()),
        }
        with failures(self._setting, "write to the outbox"):
            self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    def oldest(self, limit: int) -> list[tuple[str, bytes]]:
        """Read the oldest messages with their keys."""
        every = f"PartitionKey eq '{self._partition}'"
        with failures(self._setting, "read the outbox"):
            found = self._table.query_entities(every, results_per_page=max(1, min(limit, rows.PAGE)))
            return [(row["RowKey"], (rows.gather("message", row) or "").encode()) for row in islice(found, limit)]

    def since(self) -> datetime | None:
        """When the oldest message was put there, None when nothing waits."""
        every = f"PartitionKey eq '{self._partition}'"
        with failures(self._setting, "read the oldest of the outbox"):
            for row in self._table.query_entities(every, select=["RowKey"], results_per_page=1):
                return rows.parse_timed_key(row["RowKey"])[0]
        return None

    def remove(self, key: str) -> None:
        """Forget a delivered message."""
        with failures(self._setting, "remove from the outbox"):
            self._table.delete_entity(self._partition, key)

    def count(self, limit: int) -> int:
        """How many wait; counting stops at `limit`."""
        every = f"PartitionKey eq '{self._partition}'"
        with failures(self._setting, "count the outbox"):
            found = self._table.query_entities(every, select=["RowKey"], results_per_page=rows.PAGE)
            return sum(1 for _ in islice(found, limit))
