"""The node's few single values, and two short lists for people: what is parked and what could not be read."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime

from azure.data.tables import TableClient, UpdateMode

from capture import messages
from capture.errors import Superseded
from capture.model.authority import Cursor, Watermark, merge_watermarks
from capture.model.identity import RecordingId
from capture.storage import rows
from capture.storage.failures import failures

_VALUES, _PARKED, _REJECTED = "state", "parked", "rejected"
_LONGEST_REASON = 4_000


class TableState:
    """The state, in the table `state`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def watermark(self) -> Watermark | None:
        """Read the low watermark."""
        text = self._read("watermark")
        return messages.watermarks.from_json(text) if text is not None else None

    def raise_watermark(self, mark: Watermark) -> Watermark:
        """Merge `mark` in and return the result: a lower epoch, or an earlier time in one epoch, changes nothing."""
        result = mark

        def merge(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal result
            text = _text(row)
            known = messages.watermarks.from_json(text) if text is not None else None
            result = merge_watermarks(known, mark) or mark
            return None if result == known else {"value": messages.watermarks.to_json(result).decode()}

        with failures(self._setting, "raise the watermark"):
            rows.change(self._table, _VALUES, "watermark", merge)
        return result

    def cursor(self) -> Cursor | None:
        """Read how far the tail has been read."""
        text = self._read("cursor")
        return messages.cursors.from_json(text) if text is not None else None

    def put_cursor(self, cursor: Cursor) -> None:
        """Write the cursor; Superseded when one of a higher epoch is there."""

        def fence(row: Mapping[str, object] | None) -> rows.Row | None:
            text = _text(row)
            known = messages.cursors.from_json(text) if text is not None else None
            if known is not None and known.epoch > cursor.epoch:
                raise Superseded(f"the cursor is of epoch {known.epoch}, this node wrote in epoch {cursor.epoch}")
            return None if known == cursor else {"value": messages.cursors.to_json(cursor).decode()}

        with failures(self._setting, "write the cursor"):
            rows.change(self._table, _VALUES, "cursor", fence)

    def paused_until(self) -> datetime | None:
        """Read until when this node must not call Dynamics."""
        text = self._read("pause")
        return rows.parse_moment(text) if text is not None else None

    def pause_until(self, when: datetime) -> None:
        """Keep a pause for the whole node; an earlier end than the known one changes nothing."""
        wanted = rows.moment(when)

        def later(row: Mapping[str, object] | None) -> rows.Row | None:
            known = _text(row)
            return {"value": wanted} if known is None or known < wanted else None

        with failures(self._setting, "keep a pause"):
            rows.change(self._table, _VALUES, "pause", later)

    def note_error(self, at: datetime, text: str) -> None:
        """Keep the last error for `status`."""
        self._put(_VALUES, "error", {"at": rows.moment(at), "value": text[:_LONGEST_REASON]})

    def last_error(self) -> tuple[datetime, str] | None:
        """Read the last error."""
        with failures(self._setting, "read the last error"):
            row = rows.read(self._table, _VALUES, "error")
        return None if row is None else (rows.parse_moment(row["at"]), str(row["value"]))

    def reject(self, queue: str, body: bytes, reason: str, now: datetime) -> None:
        """Keep a queue message that cannot be read, with the reason; the same body is kept once."""
        digest = hashlib.sha256(queue.encode() + b"\0" + body).hexdigest()[:32]
        row: rows.Row = {"queue": queue, "reason": reason[:_LONGEST_REASON], "at": rows.moment(now)}
        self._put(_REJECTED, digest, row | rows.spread("body", base64.b64encode(body).decode()))

    def rejected(self) -> list[tuple[str, str]]:
        """Queue and reason of every message that could not be read, in the order in which they came."""
        with failures(self._setting, "list unreadable messages"):
            found = self._table.query_entities(f"PartitionKey eq '{_REJECTED}'", select=["at", "queue", "reason"])
            return [(row["queue"], row["reason"]) for row in sorted(found, key=lambda row: str(row["at"]))]

    def parked(self) -> list[tuple[RecordingId, str]]:
        """Recordings that are parked and not archived, with their reasons."""
        with failures(self._setting, "list parked recordings"):
            found = self._table.query_entities(f"PartitionKey eq '{_PARKED}'", select=["RowKey", "reason"])
            return [(RecordingId(rows.plain(row["RowKey"])), row["reason"]) for row in found]

    def note_parked(self, recording_id: RecordingId, reason: str) -> None:
        """Index a parked recording, so that `parked` need not read the ledger."""
        self._put(_PARKED, rows.safe(recording_id), {"reason": reason[:_LONGEST_REASON]})

    def forget_parked(self, recording_id: RecordingId) -> None:
        """Drop a recording that has been archived after all; no error when it is not there."""
        with failures(self._setting, "forget a parked recording"):
            self._table.delete_entity(_PARKED, rows.safe(recording_id))

    def _read(self, key: str) -> str | None:
        with failures(self._setting, f"read the {key}"):
            return _text(rows.read(self._table, _VALUES, key))

    def _put(self, partition: str, key: str, row: rows.Row) -> None:
        with failures(self._setting, "write the state"):
            self._table.upsert_entity({"PartitionKey": partition, "RowKey": key, **row}, mode=UpdateMode.REPLACE)


def _text(row: Mapping[str, object] | None) -> str | None:
    return str(row["value"]) if row is not None else None
