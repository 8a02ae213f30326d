"""The thread that sends what ffmpeg has written, while it writes, to the node that answers."""

import hashlib
import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop_recorder import append_blob
from desktop_recorder.boards import Wanted
from desktop_recorder.errors import Misplaced, NotFound, RecorderError, Refused, Unreachable
from desktop_recorder.nodes import Grant, Nodes
from desktop_recorder.spool import Part, Seat, Sent, Spool
from desktop_recorder.wire import Wire, host_of

_log = logging.getLogger(__name__)
_EVERY = 0.5
_PATIENCE = 10.0
_LEFT = timedelta(seconds=5)

type Key = tuple[str, int]


class Uploader:
    """Sends all parts in turn, a block each, so that a long one does not hold up the others."""

    def __init__(self, nodes: Nodes, wire: Wire, spool: Spool) -> None:
        """Nothing is sent before `run`."""
        self._nodes = nodes
        self._wire = wire
        self._spool = spool
        self._grants: dict[Key, Grant] = {}
        self._failing: dict[Key, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`."""
        while not stop.is_set():
            more = False
            for key in self._spool.unsent():
                more = self._tend(key, stop) or more
            stop.wait(0.0 if more else _EVERY)

    def _tend(self, key: str, stop: threading.Event) -> bool:
        seat = self._spool.read(key)
        if seat is None or seat.wanted is Wanted.DELETE:
            return False
        more = False
        for part in seat.parts:
            if part.started_at is None or part.delivered or stop.is_set():
                continue
            begun = time.monotonic()
            try:
                more = self._advance(seat, part) or more
                self._failing.pop((key, part.number), None)
            except RecorderError as error:
                self._failed((key, part.number), error, begun)
            except (OSError, KeyError) as error:
                # The seat was deleted while its file was being sent.
                _log.info("event=not_sent seat=%s reason=%s", key, type(error).__name__)
        return more

    def _failed(self, key: Key, error: RecorderError, begun: float) -> None:
        if key not in self._failing:
            self._failing[key] = begun  # a node that accepts and then says nothing has failed since it was called
            _log.warning("event=upload_interrupted seat=%s part=%d reason=%s", *key, error)
        if isinstance(error, Refused | NotFound) or self._impatient(key):
            self._grants.pop(key, None)

    def _impatient(self, key: Key) -> bool:
        since = self._failing.get(key)
        return since is not None and time.monotonic() - since > _PATIENCE

    def _advance(self, seat: Seat, part: Part) -> bool:
        """Send one block, or find that everything is there. Tell whether there is more to send at once."""
        path = self._spool.file(seat, part.number)
        grant = self._grant(seat, part)
        sent = part.uploads.get(grant.target, Sent())
        # A block whose answer was lost is sent again as it was: then its end is one of two places where the blob ends.
        repeated = sent.in_flight > sent.offset
        with path.open("rb") as file:
            file.seek(sent.offset)
            block = file.read(sent.in_flight - sent.offset if repeated else append_blob.BLOCK)
        if not block:
            if part.ended_at is not None:
                self._delivered(seat, part, path)
            return False
        if not sent.created:
            append_blob.create(self._wire, grant.upload_url)
        end = sent.offset + len(block)
        # On disk before it is sent: whatever happens, we know where the blob may end.
        self._note(seat, part, grant, Sent(created=True, offset=sent.offset, in_flight=end))
        try:
            append_blob.append(self._wire, grant.upload_url, sent.offset, block)
        except Misplaced as misplaced:
            found = append_blob.resumed(sent, misplaced)
            if found is None:
                self._elsewhere(seat, part, grant)
            else:
                self._note(seat, part, grant, found)
            return found is not None
        except NotFound:
            self._note(seat, part, grant, Sent())  # the blob is gone: from the beginning
            raise
        self._note(seat, part, grant, Sent(created=True, offset=end, in_flight=end))
        return repeated or len(block) == append_blob.BLOCK

    def _elsewhere(self, seat: Seat, part: Part, grant: Grant) -> None:
        """Give this blob up: it holds something else, and the signature does not allow to replace it."""
        self._note(seat, part, grant, Sent())
        self._failing[seat.key, part.number] = time.monotonic() - 2 * _PATIENCE
        raise Unreachable(f"{host_of(grant.target)}: the blob of part {part.number} does not end where it should")

    def _grant(self, seat: Seat, part: Part) -> Grant:
        key = (seat.key, part.number)
        grant = self._grants.get(key)
        if grant and grant.target == part.target and grant.expires_at - datetime.now(UTC) > _LEFT:
            return grant
        errors: list[str] = []
        for url in self._order(part, impatient=self._impatient(key)):
            try:
                grant = self._nodes.upload_grant(url, seat.session_id, seat.agent_id, part.number)
            except RecorderError as error:
                errors.append(str(error))
                continue
            if part.target not in {None, grant.target}:
                _log.warning(
                    "event=upload_moved seat=%s part=%d from=%s to=%s", *key, host_of(part.target or ""), host_of(url)
                )
            self._grants[key] = grant
            self._failing.pop(key, None)
            with self._spool.change_part(seat.key, part.number) as kept:
                kept.node, kept.target = url, grant.target
            return grant
        raise Unreachable("; ".join(errors))

    def _order(self, part: Part, *, impatient: bool) -> tuple[str, ...]:
        """Choose whom to ask for leave: the node that has the beginning, for a while alone."""
        urls = self._nodes.urls
        if part.node not in urls:
            return urls
        at = urls.index(part.node)
        if impatient:
            return (*urls[at + 1 :], *urls[: at + 1])
        has_bytes = part.target is not None and part.uploads.get(part.target, Sent()).created
        return (urls[at],) if has_bytes else (*urls[at:], *urls[:at])

    def _delivered(self, seat: Seat, part: Part, path: Path) -> None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        with self._spool.change_part(seat.key, part.number) as kept:
            kept.size, kept.sha256, kept.delivered = size, digest, True
        _log.info("event=part_delivered seat=%s part=%d bytes=%d", seat.key, part.number, size)

    def _note(self, seat: Seat, part: Part, grant: Grant, sent: Sent) -> None:
        with self._spool.change_part(seat.key, part.number) as kept:
            kept.uploads[grant.target] = sent
