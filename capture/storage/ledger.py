"""The ledger: one row for each recording, by the hour and the time when Dynamics created it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from azure.data.tables import TableClient

from capture import messages
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import LedgerEntry, Tally, merge_entries
from capture.storage import rows
from capture.storage.failures import failures


class TableLedger:
    """What has become of each recording, in the table `ledger`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def get(self, recording_id: RecordingId, created_on: datetime) -> LedgerEntry | None:
        """Read one entry."""
        with failures(self._setting, "read the ledger"):
            row = rows.read(self._table, rows.hour(created_on), rows.timed_key(created_on, recording_id))
        return _entry(row)

    def merge(self, entry: LedgerEntry) -> LedgerEntry:
        """Join the entry into the ledger and return what is known now."""
        partition, key = rows.hour(entry.created_on), rows.timed_key(entry.created_on, entry.recording_id)
        known = entry

        def join(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal known
            before = _entry(row)
            known = entry if before is None else merge_entries(before, entry)
            return None if known == before else _row(known)

        with failures(self._setting, "merge into the ledger"):
            # Nearly every entry is new: inserting first makes that one call.
            if not rows.insert(self._table, partition, key, _row(entry)):
                rows.change(self._table, partition, key, join)
        return known

    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        """Ids of all entries with `start <= created_on <= end`."""
        with failures(self._setting, "list the ledger"):
            found = self._table.query_entities(_span(start, end), select=["RowKey"], results_per_page=rows.PAGE)
            return {RecordingId(rows.parse_timed_key(row["RowKey"])[1]) for row in found}

    def states(self, start: datetime, end: datetime) -> dict[RecordingId, str]:
        """State of all entries with `start <= created_on <= end`, by their ids."""
        columns = ["RowKey", "state"]
        with failures(self._setting, "list the ledger"):
            found = self._table.query_entities(_span(start, end), select=columns, results_per_page=rows.PAGE)
            return {RecordingId(rows.parse_timed_key(row["RowKey"])[1]): str(row["state"]) for row in found}

    def calls(self, start: datetime, end: datetime) -> Iterator[tuple[RecordingId, ConversationId | None, str]]:
        """Id, conversation and state of all entries with `start <= created_on <= end`, read page by page."""
        columns = ["RowKey", "conversation_id", "state"]
        with failures(self._setting, "list the ledger"):
            for row in self._table.query_entities(_span(start, end), select=columns, results_per_page=rows.PAGE):
                conversation = str(row["conversation_id"])
                recording_id = RecordingId(rows.parse_timed_key(row["RowKey"])[1])
                yield recording_id, ConversationId(conversation) if conversation else None, str(row["state"])

    def tally(self, start: datetime, end: datetime) -> Tally:
        """Count the archived recordings with `start <= created_on <= end`."""
        columns = ["archived_by", "second_copy"]
        with failures(self._setting, "count the ledger"):
            found = list(self._table.query_entities(_span(start, end), select=columns, results_per_page=rows.PAGE))
        by_node = Counter(NodeName(row["archived_by"]) for row in found if row["archived_by"])
        return Tally(dict(by_node), sum(bool(row["second_copy"]) for row in found))

    def between(self, start: datetime, end: datetime) -> Iterator[LedgerEntry]:
        """All entries with `start <= created_on <= end`, oldest first, read page by page."""
        with failures(self._setting, "list the ledger"):
            for row in self._table.query_entities(_span(start, end), results_per_page=rows.PAGE):
                if (entry := _entry(row)) is not None:
                    yield entry


def _span(start: datetime, end: datetime) -> str:
    hours = f"PartitionKey ge '{rows.hour(start)}' and PartitionKey le '{rows.hour(end)}'"
    return f"{hours} and {rows.in_span(start, end)}"


def _row(entry: LedgerEntry) -> rows.Row:
    address = entry.address
    return {
        # These are for counting, and for people who look at the table; the facts are in the JSON.
        "state": entry.state,
        "conversation_id": entry.conversation_id or "",
        "archived_by": address.node if address is not None else "",
        "second_copy": len(entry.copies - entry.lost) > 1,
        "path": address.path if address is not None else "",
        **rows.spread("entry", messages.entries.to_json(entry).decode()),
    }


def _entry(row: Mapping[str, object] | None) -> LedgerEntry | None:
    text = rows.gather("entry", row) if row is not None else None
    return messages.entries.from_json(text) if text is not None else None
