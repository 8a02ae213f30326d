"""By what recordings are found: for each day a partition, with a row for each recording and one for each of its words.

All rows of a recording are in one partition, so that they are written in one transaction: one call a recording.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date
from functools import partial
from itertools import islice

from azure.data.tables import TableClient, UpdateMode

from capture.model.catalogue import REMOVED, Finding, Page, Word, join, words
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.storage import rows
from capture.storage.failures import failures, once_more

_EVERY = "0"
_MOST_WORDS = 90
"""A transaction takes 100 rows."""
_LONGEST_WORD = 150


class TableCatalogue:
    """The catalogue, in the table `catalogue`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def add(self, finding: Finding) -> None:
        """Keep a line under its day and all of its words, joined with what an earlier line says."""
        day = f"{finding.created_on.astimezone(UTC):%Y%m%d}"
        name = rows.timed_key(finding.created_on, finding.recording_id)
        with failures(self._setting, "write the catalogue"):
            if not finding.described or finding.state != "archived":
                known = _finding(rows.read(self._table, day, f"{_EVERY}|{name}"))
                if finding.state == REMOVED and known is not None and known.state != REMOVED:
                    self._strip(day, name, finding)
                finding = join(known, finding)
            row = _row(finding)
            prefixes = [_EVERY, *(_prefix(word, value) for word, value in words(finding)[:_MOST_WORDS])]
            operations = [
                ("upsert", {"PartitionKey": day, "RowKey": f"{prefix}|{name}", **row}, {"mode": UpdateMode.REPLACE})
                for prefix in dict.fromkeys(prefixes)
            ]
            once_more(partial(self._table.submit_transaction, operations))

    def _strip(self, day: str, name: str, removed: Finding) -> None:
        """Delete the words of a line, whichever it has had. The line itself goes last, so a kill leaves a reason to."""
        wanted = f"PartitionKey eq '{day}' and recording_id eq '{removed.recording_id.replace("'", "''")}'"
        for row in list(self._table.query_entities(wanted, select=["PartitionKey", "RowKey"])):
            key = str(row["RowKey"])
            if key.endswith(f"|{name}") and not key.startswith(f"{_EVERY}|"):
                once_more(partial(self._table.delete_entity, day, key))

    def search(self, day: date, word: tuple[Word, str] | None, limit: int, after: str | None = None) -> Page:
        """Find the lines of a day, or those with a word that begins so; at most `limit`, from `after` on."""
        prefix = f"{_EVERY}|" if word is None else _prefix(*word)
        wanted = f"PartitionKey eq '{day:%Y%m%d}' and RowKey ge '{prefix}' and RowKey lt '{prefix}~'"
        if after is not None:
            wanted += f" and RowKey gt '{after.replace("'", "''")}'"
        with failures(self._setting, "search the catalogue"):
            found = list(islice(self._table.query_entities(wanted, results_per_page=limit + 1), limit + 1))
        findings = [each for each in map(_finding, found[:limit]) if each is not None]
        return Page(tuple(findings), str(found[limit - 1]["RowKey"]) if len(found) > limit else None)


def _prefix(word: Word, value: str) -> str:
    # "~" ends every range, so it stands in no key.
    return f"{word.value}|{rows.safe(value[:_LONGEST_WORD]).replace('~', '!7E')}"


def _row(finding: Finding) -> rows.Row:
    values: dict[str, str | int | None] = {
        "recording_id": finding.recording_id,
        "created_on": rows.moment(finding.created_on),
        "conversation_id": finding.conversation_id,
        "state": finding.state,
        "node": finding.node,
        "media_type": finding.media_type,
        "size": str(finding.size) if finding.size is not None else None,
        "screen": int(finding.screen),
        "agents": json.dumps(finding.agents[:_MOST_WORDS], ensure_ascii=False),
        "queue": finding.queue,
        "customer": finding.customer,
        "from_phone": finding.from_phone,
        "to_phone": finding.to_phone,
    }
    return {name: value for name, value in values.items() if value is not None}


def _finding(row: Mapping[str, object] | None) -> Finding | None:
    if row is None:
        return None
    known = {name: str(value) for name, value in row.items()}
    node, conversation_id = known.get("node"), known.get("conversation_id")
    return Finding(
        recording_id=RecordingId(known["recording_id"]),
        created_on=rows.parse_moment(known["created_on"]),
        conversation_id=ConversationId(conversation_id) if conversation_id is not None else None,
        state=known["state"],
        node=NodeName(node) if node is not None else None,
        media_type=known.get("media_type"),
        size=int(known["size"]) if "size" in known else None,
        screen=known["screen"] == "1",
        agents=tuple(json.loads(known["agents"])),
        queue=known.get("queue"),
        customer=known.get("customer"),
        from_phone=known.get("from_phone"),
        to_phone=known.get("to_phone"),
    )
