"""The consolidated conversations: every fact is a row of its own, reading joins the rows of one conversation."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import reduce

from azure.data.tables import TableClient, UpdateMode

from capture import messages
from capture.model.conversation import Conversation, Interaction, latest, merge_interactions
from capture.model.ledger import LedgerEntry
from capture.storage import rows
from capture.storage.failures import failures

_READING = "reading"
"""The row of the best reading that came without a recording. No fact has this key: theirs hold a dot."""


class TableInteractions:
    """The interactions, in the table `interactions`: a partition for each."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def add(self, entry: LedgerEntry, conversation: Conversation | None) -> None:
        """Keep one fact about a recording with the metadata that came with it: one blind write."""
        row = rows.spread("entry", messages.entries.to_json(entry).decode())
        if conversation is not None:
            row |= _reading(conversation)
        # The name holds a digest of the fact, so a different fact is another row and the same one changes nothing.
        known = (sorted(entry.copies), entry.parked, entry.reopened, entry.created_on, entry.conversation_id)
        lost = (sorted(entry.lost), entry.removed) if entry.lost or entry.removed else ()
        hold = (entry.hold,) if entry.hold is not None else ()
        end = (entry.keep_until,) if entry.keep_until is not None else ()
        fact = repr((*known, *lost, *hold, *end, conversation))
        digest = hashlib.sha256(fact.encode()).hexdigest()[:16]
        with failures(self._setting, "write an interaction"):
            self._table.upsert_entity(
                {
                    "PartitionKey": rows.safe(entry.conversation_id or f"recording-{entry.recording_id}"),
                    "RowKey": f"{rows.safe(entry.recording_id)}.{digest}",
                    **row,
                },
                mode=UpdateMode.REPLACE,
            )

    def add_reading(self, conversation: Conversation) -> None:
        """Keep a reading of the metadata alone; the best one wins."""

        def best(row: Mapping[str, object] | None) -> rows.Row | None:
            known = _conversation(row) if row is not None else None
            chosen = latest((known, conversation))
            return None if chosen is None or chosen == known else _reading(chosen)

        with failures(self._setting, "write a reading"):
            rows.change(self._table, rows.safe(conversation.id), _READING, best)

    def get(self, key: str) -> Interaction | None:
        """Join all facts of one interaction."""
        with failures(self._setting, "read an interaction"):
            found = list(self._table.query_entities(f"PartitionKey eq '{rows.safe(key)}'", results_per_page=rows.PAGE))
        if not found:
            return None
        return reduce(merge_interactions, (_interaction(key, row) for row in found), Interaction(key))

    def keys(self) -> Iterator[str]:
        """Every interaction's key, read page by page."""
        last = None
        with failures(self._setting, "list interactions"):
            for row in self._table.list_entities(select=["PartitionKey"], results_per_page=rows.PAGE):
                if row["PartitionKey"] != last:
                    last = row["PartitionKey"]
                    yield rows.plain(last)


def _reading(conversation: Conversation) -> rows.Row:
    return rows.spread("conversation", messages.conversations.to_json(conversation).decode())


def _conversation(row: Mapping[str, object]) -> Conversation | None:
    text = rows.gather("conversation", row)
    return messages.conversations.from_json(text) if text is not None else None


def _interaction(key: str, row: Mapping[str, object]) -> Interaction:
    text = rows.gather("entry", row)
    recordings = (messages.entries.from_json(text),) if text is not None else ()
    return Interaction(key, _conversation(row), recordings)
