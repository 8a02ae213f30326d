"""Conversations that had not finished when they were read: one row each."""

from datetime import datetime
from heapq import nsmallest

from azure.data.tables import TableClient, UpdateMode

from capture.model.identity import ConversationId
from capture.storage import rows
from capture.storage.failures import failures

_PARTITION = "open"


class TableOpenConversations:
    """The open conversations, in the table `openconversations`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def put(self, conversation_id: ConversationId, due: datetime, wait: float) -> None:
        """Insert or replace: read again at `due`; `wait` is the length of this wait in seconds."""
        row = {
            "PartitionKey": _PARTITION,
            "RowKey": rows.safe(conversation_id),
            "due": rows.moment(due),
            "wait": float(wait),
        }
        with failures(self._setting, "write an open conversation"):
            self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    def remove(self, conversation_id: ConversationId) -> None:
        """Forget a conversation that has finished; no error when it is not there."""
        with failures(self._setting, "remove an open conversation"):
            self._table.delete_entity(_PARTITION, rows.safe(conversation_id))

    def due(self, now: datetime, limit: int) -> list[tuple[ConversationId, float]]:
        """Conversations to read again now, with the wait that has passed, longest overdue first, at most `limit`."""
        due = f"PartitionKey eq '{_PARTITION}' and due le '{rows.moment(now)}'"
        with failures(self._setting, "list open conversations"):
            found = self._table.query_entities(due, select=["RowKey", "due", "wait"], results_per_page=rows.PAGE)
            first = nsmallest(limit, ((row["due"], row["RowKey"], row["wait"]) for row in found))
        return [(ConversationId(rows.plain(key)), float(wait)) for _, key, wait in first]
