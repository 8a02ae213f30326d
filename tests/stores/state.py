"""A node's own state in memory: watermarks, words of people, what is parked, rejected and held."""

import hashlib
from datetime import datetime

from capture.errors import Superseded
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
from tests.stores.store import Store, operation


class MemoryState(Store):
    """The single values, by name; `rejections` by queue and body; `parkings` and `holds` by recording."""

    kind = "state"

    def __init__(self) -> None:
        super().__init__()
        self.watermarks: list[Watermark] = []
        self.cursors: list[Cursor] = []
        self.pauses: list[datetime] = []
        self.errors: list[tuple[datetime, str]] = []
        self.rejections: dict[tuple[str, bytes], tuple[datetime, str]] = {}
        self.parkings: dict[RecordingId, ParkedRecording] = {}
        self.holds: dict[RecordingId, HeldRecording] = {}
        self.preferences: list[Preference] = []
        self.revocations: list[Revocation] = []
        self.yielded: list[Yields] = []

    @operation
    def watermark(self) -> Watermark | None:
        return self.watermarks[-1] if self.watermarks else None

    @operation
    def raise_watermark(self, mark: Watermark) -> Watermark:
        known = self.watermarks[-1] if self.watermarks else None
        result = merge_watermarks(known, mark) or mark
        if result != known:
            self.watermarks.append(result)
        return result

    @operation
    def cursor(self) -> Cursor | None:
        return self.cursors[-1] if self.cursors else None

    @operation
    def put_cursor(self, cursor: Cursor) -> None:
        if self.cursors and self.cursors[-1].epoch > cursor.epoch:
            raise Superseded(f"the cursor is of epoch {self.cursors[-1].epoch}, this is epoch {cursor.epoch}")
        self.cursors.append(cursor)

    @operation
    def preference(self) -> Preference | None:
        return self.preferences[-1] if self.preferences else None

    @operation
    def prefer(self, preference: Preference) -> Preference:
        known = self.preferences[-1] if self.preferences else None
        self.preferences.append(merge_preferences(known, preference) or preference)
        return self.preferences[-1]

    @operation
    def revocation(self) -> Revocation | None:
        return self.revocations[-1] if self.revocations else None

    @operation
    def revoke(self, revocation: Revocation) -> Revocation:
        known = self.revocations[-1] if self.revocations else None
        self.revocations.append(merge_revocations(known, revocation) or revocation)
        return self.revocations[-1]

    @operation
    def yields(self) -> Yields | None:
        return self.yielded[-1] if self.yielded else None

    @operation
    def note_yield(self, yields: Yields) -> None:
        self.yielded.append(yields)

    @operation
    def paused_until(self) -> datetime | None:
        return max(self.pauses, default=None)

    @operation
    def pause_until(self, when: datetime) -> None:
        self.pauses.append(when)

    @operation
    def note_error(self, at: datetime, text: str) -> None:
        self.errors.append((at, text))

    @operation
    def last_error(self) -> tuple[datetime, str] | None:
        return self.errors[-1] if self.errors else None

    @operation
    def reject(self, queue: str, body: bytes, reason: str, now: datetime) -> None:
        self.rejections[queue, body] = (now, reason)

    @operation
    def rejected(self) -> list[tuple[str, str]]:
        return [(each.queue, each.reason) for each in self._listed()]

    @operation
    def rejected_messages(self) -> list[RejectedMessage]:
        return self._listed()

    @operation
    def rejected_body(self, rejection: RejectedMessage) -> bytes | None:
        return next((body for queue, body in self.rejections if _name(queue, body) == rejection.id), None)

    @operation
    def forget_rejected(self, rejection: RejectedMessage) -> None:
        self.rejections = {key: kept for key, kept in self.rejections.items() if _name(*key) != rejection.id}

    def _listed(self) -> list[RejectedMessage]:
        found = [RejectedMessage(_name(*key), key[0], now, reason) for key, (now, reason) in self.rejections.items()]
        return sorted(found, key=lambda each: each.at)

    @operation
    def parked(self) -> list[ParkedRecording]:
        return [self.parkings[key] for key in sorted(self.parkings)]

    @operation
    def note_parked(self, parked: ParkedRecording) -> None:
        self.parkings[parked.recording_id] = parked

    @operation
    def forget_parked(self, recording_id: RecordingId) -> None:
        self.parkings.pop(recording_id, None)

    @operation
    def held(self) -> list[HeldRecording]:
        return [self.holds[key] for key in sorted(self.holds)]

    @operation
    def note_held(self, held: HeldRecording) -> None:
        self.holds[held.recording_id] = held

    @operation
    def forget_held(self, recording_id: RecordingId) -> None:
        self.holds.pop(recording_id, None)


def _name(queue: str, body: bytes) -> str:
    return hashlib.sha256(queue.encode() + b"\0" + body).hexdigest()[:32]
