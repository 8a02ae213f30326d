"""The node's few single values, and short lists for people: what is parked, held, could not be read."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from azure.data.tables import TableClient, TableEntity, UpdateMode

from capture import messages
from capture.errors import Superseded
from capture.messages import Codec
from capture.model.authority import (
    Cursor,
    Preference,
    Revocation,
    Watermark,
    Yields,
    merge_preferences,
    merge_revocations,
    merge_watermarks,
)
from capture.model.hold import HeldRecording
from capture.model.identity import RecordingId
from capture.model.ledger import ParkedRecording, RejectedMessage
from capture.storage import rows
from capture.storage.failures import failures, once_more

_VALUES, _PARKED, _HELD, _REJECTED = "state", "parked", "held", "rejected"
_LONGEST_REASON = 4_000


class TableState:
    """The state, in the table `state`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table, whose client need not repeat calls by itself, and the setting that names its account."""
        self._table = table
        self._setting = setting

    def watermark(self) -> Watermark | None:
        """Read the low watermark."""
        return self._value("watermark", messages.watermarks)

    def raise_watermark(self, mark: Watermark) -> Watermark:
        """Merge `mark` in and return the result: a lower epoch, or an earlier time in one epoch, changes nothing."""
        return self._merge("watermark", messages.watermarks, mark, merge_watermarks)

    def preference(self) -> Preference | None:
        """Read a person's word about who shall be ACTIVE."""
        return self._value("preference", messages.preferences)

    def prefer(self, preference: Preference) -> Preference:
        """Merge it in and return the result: one of a lower epoch, or an earlier one, changes nothing."""
        return self._merge("preference", messages.preferences, preference, merge_preferences)

    def revocation(self) -> Revocation | None:
        """Read until when this node has taken back what it gave its peer."""
        return self._value("revocation", messages.revocations)

    def revoke(self, revocation: Revocation) -> Revocation:
        """Merge it in and return the result."""
        return self._merge("revocation", messages.revocations, revocation, merge_revocations)

    def yields(self) -> Yields | None:
        """Read how often this node has left the role to the preferred one."""
        return self._value("yields", messages.yields)

    def note_yield(self, yields: Yields) -> None:
        """Keep that it did."""
        self._put(_VALUES, "yields", {"value": messages.yields.to_json(yields).decode()})

    def cursor(self) -> Cursor | None:
        """Read how far the tail has been read."""
        return self._value("cursor", messages.cursors)

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
        return [(each.queue, each.reason) for each in self.rejected_messages()]

    def rejected_messages(self) -> list[RejectedMessage]:
        """Every message that could not be read or carried out, in the order in which they came."""
        with failures(self._setting, "list unreadable messages"):
            found = self._list(_REJECTED, "RowKey", "at", "queue", "reason")
            listed = [
                RejectedMessage(row["RowKey"], row["queue"], rows.parse_moment(row["at"]), row["reason"])
                for row in found
            ]
            return sorted(listed, key=lambda each: each.at)

    def rejected_body(self, rejection: RejectedMessage) -> bytes | None:
        """Read the body of such a message, None when it is not there any more."""
        with failures(self._setting, "read an unreadable message"):
            row = rows.read(self._table, _REJECTED, rejection.id)
            text = rows.gather("body", row) if row is not None else None
        return base64.b64decode(text) if text is not None else None

    def forget_rejected(self, rejection: RejectedMessage) -> None:
        """Drop such a message, which is in its queue again; no error when it is not there."""
        with failures(self._setting, "forget an unreadable message"):
            once_more(lambda: self._table.delete_entity(_REJECTED, rejection.id))

    def parked(self) -> list[ParkedRecording]:
        """Recordings that are parked and not archived, with their reasons."""
        with failures(self._setting, "list parked recordings"):
            found = self._list(_PARKED, "RowKey", "created_on", "reason")
            return [
                ParkedRecording(
                    RecordingId(rows.plain(row["RowKey"])), rows.parse_moment(row["created_on"]), row["reason"]
                )
                for row in found
            ]

    def note_parked(self, parked: ParkedRecording) -> None:
        """Index a parked recording, so that `parked` need not read the ledger."""
        row: rows.Row = {"created_on": rows.moment(parked.created_on), "reason": parked.reason[:_LONGEST_REASON]}
        self._put(_PARKED, rows.safe(parked.recording_id), row)

    def forget_parked(self, recording_id: RecordingId) -> None:
        """Drop a recording that has been archived after all; no error when it is not there."""
        with failures(self._setting, "forget a parked recording"):
            once_more(lambda: self._table.delete_entity(_PARKED, rows.safe(recording_id)))

    def held(self) -> list[HeldRecording]:
        """Recordings under a legal hold, with who and why."""
        with failures(self._setting, "list holds"):
            return [
                HeldRecording(
                    RecordingId(rows.plain(row["RowKey"])),
                    rows.parse_moment(row["created_on"]),
                    messages.holds.from_json(rows.gather("hold", row) or ""),
                )
                for row in self._list(_HELD)
            ]

    def note_held(self, held: HeldRecording) -> None:
        """Index a recording under hold, so that `held` need not read the ledger."""
        row: rows.Row = {
            "created_on": rows.moment(held.created_on),
            **rows.spread("hold", messages.holds.to_json(held.hold).decode()),
        }
        self._put(_HELD, rows.safe(held.recording_id), row)

    def forget_held(self, recording_id: RecordingId) -> None:
        """Drop a recording whose hold was released; no error when it is not there."""
        with failures(self._setting, "forget a hold"):
            once_more(lambda: self._table.delete_entity(_HELD, rows.safe(recording_id)))

    def _list(self, partition: str, *columns: str) -> list[TableEntity]:
        wanted = f"PartitionKey eq '{partition}'"
        return once_more(lambda: list(self._table.query_entities(wanted, select=list(columns) or None)))

    def _value[T](self, key: str, codec: Codec[T]) -> T | None:
        text = self._read(key)
        return codec.from_json(text) if text is not None else None

    def _merge[T](self, key: str, codec: Codec[T], value: T, join: Callable[[T | None, T | None], T | None]) -> T:
        result = value

        def merge(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal result
            text = _text(row)
            known = codec.from_json(text) if text is not None else None
            result = join(known, value) or value
            return None if result == known else {"value": codec.to_json(result).decode()}

        with failures(self._setting, f"merge the {key}"):
            rows.change(self._table, _VALUES, key, merge)
        return result

    def _read(self, key: str) -> str | None:
        with failures(self._setting, f"read the {key}"):
            return _text(rows.read(self._table, _VALUES, key))

    def _put(self, partition: str, key: str, row: rows.Row) -> None:
        with failures(self._setting, "write the state"):
            entity = {"PartitionKey": partition, "RowKey": key, **row}
            once_more(lambda: self._table.upsert_entity(entity, mode=UpdateMode.REPLACE))


def _text(row: Mapping[str, object] | None) -> str | None:
    return str(row["value"]) if row is not None else None
