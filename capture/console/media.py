"""Plays recordings: HTTP ranges through the node, whichever archive has the copy; who listened is kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from capture.console.access import Visitor
from capture.console.answer import Answer
from capture.errors import Absent, Malformed, TooLarge
from capture.events import Event, emit
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.ports import Archive, Clock, Ledger, Listening, Listenings

PIECE = 2 * 1024 * 1024
"""Bytes that one answer has at most: a browser asks for the next ones, and the node's memory stays bounded."""
_WHOLE = 8 * PIECE
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Media:
    """Answers `console/media/<recording id>?at=<created_on>`."""

    node: NodeName
    ledger: Ledger
    archives: Mapping[NodeName, Archive]
    listenings: Listenings
    clock: Clock

    def read(self, recording_id: str, at: str, wanted: str, visitor: Visitor) -> Answer:
        """Give the bytes that the header Range asks for, at most 2 MiB of them: 206, or 416 when there are none.

        Without Range the whole of a short one, 200; TooLarge: it has more than 16 MiB. Absent: nothing of that id and
        time is archived, or its object is gone. Nothing is played that is not noted.
        """
        entry = self.entry(recording_id, at)
        copy = self._nearest(entry)
        archive = self.archives[copy.node]
        size = archive.size(copy.path)
        if size is None:
            raise Absent(f"the ledger knows a copy at {copy.node}, but the object is gone from the archive")
        if not wanted and size > _WHOLE:
            raise TooLarge("this recording is read in pieces: ask with the header Range")
        span = _span(wanted, size) if wanted else (0, size)
        headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=300", "ETag": f'"{copy.sha256}"'}
        if span is None:
            return Answer(416, b"", copy.media_type, {**headers, "Content-Range": f"bytes */{size}"})
        self._note(entry, visitor)
        start, end = span
        body = archive.read(copy.path, start, end - start)
        if not wanted:
            return Answer(200, body, copy.media_type, headers)
        headers["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{size}"
        return Answer(206, body, copy.media_type, headers)

    def entry(self, recording_id: str, at: str) -> LedgerEntry:
        """Read what the ledger knows of a recording; Absent when there is nothing."""
        try:
            created_on = datetime.fromisoformat(at)
        except ValueError:
            raise Malformed("at: must be the recording's created_on in ISO 8601") from None
        if created_on.tzinfo is None:
            raise Malformed("at: must name its time zone, such as Z")
        entry = self.ledger.get(RecordingId(recording_id), created_on)
        if entry is None:
            raise Absent("no recording of this id and time is in the ledger")
        return entry

    def _nearest(self, entry: LedgerEntry) -> Copy:
        """Choose the own copy where there is one: it can be read with the other region down."""
        if entry.removed is not None:
            raise Absent("a person has had this recording removed")
        known = [copy for copy in sorted(entry.copies - entry.lost) if copy.node in self.archives]
        if not known:
            raise Absent("this recording is not archived")
        return next((copy for copy in known if copy.node == self.node), known[0])

    def _note(self, entry: LedgerEntry, visitor: Visitor) -> None:
        listening = Listening(self.clock.now(), visitor.id, visitor.name, entry.recording_id)
        if self.listenings.note(listening):
            emit(Event.RECORDING_PLAYED, node=self.node, recording=entry.recording_id, who=visitor.id)


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """Read the header Range for an object of this size; start and end without the last byte, None: there is none."""
    match = _RANGE.fullmatch(wanted.strip().split(",")[0])
    if match is None or match[1] == match[2] == "":
        raise Malformed("the header Range must say bytes=<first>-: recordings are read in pieces")
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
    return (start, min(end, start + PIECE)) if start < end else None
