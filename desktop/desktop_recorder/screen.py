"""The recordings that run now: starting, watching, ending and starting again, one per session seat."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desktop_recorder import reports
from desktop_recorder.boards import Wanted
from desktop_recorder.errors import SettingsError
from desktop_recorder.recorder import Recording, ended_at, log_of
from desktop_recorder.screens import command
from desktop_recorder.settings import Settings
from desktop_recorder.spool import Part, Report, Seat, Spool

_log = logging.getLogger(__name__)
_PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0)
_REPORTED_AT = 3
_WELL_AFTER = timedelta(seconds=10)
_STILL = 15.0
_ORPHAN_GRACE = 4.0
_ROOM_PAUSE = 10.0


class Live:
    """A running recording and when its file last grew."""

    def __init__(self, recording: Recording, part: int) -> None:
        self.recording = recording
        self.part = part
        self.size = 0
        self.grown = time.monotonic()


class Screen:
    """Called by one thread only."""

    def __init__(
        self, settings: Settings, spool: Spool, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Nothing runs yet; what an earlier run left is closed as it is met."""
        self._settings = settings
        self._spool = spool
        self._now = now
        self._live: dict[str, Live] = {}
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._born = time.monotonic()

    @property
    def running(self) -> tuple[str, ...]:
        """Keys of the seats that are being recorded, oldest first."""
        return tuple(self._live)

    def tend(self, seat: Seat) -> bool:
        """Do what is due for a seat; tell whether every part of it has ended."""
        live = self._live.get(seat.key)
        if live is None:
            open_parts = [part for part in seat.parts if part.ended_at is None]
            for part in open_parts:
                self._close_left_over(seat, part)
            if open_parts or seat.wanted is not Wanted.RECORD:
                return not open_parts
            if time.monotonic() >= self._not_before.get(seat.key, 0.0):
                self._start(seat)
            return False
        if live.recording.over:
            self._close(seat, live)
        elif seat.wanted is not Wanted.RECORD:
            live.recording.stop()
        else:
            self._watch(seat, live)
        return False

    def stop_for_lack_of_room(self, seat: Seat) -> None:
        """End a recording because the spool is full; it is tried again when there is room."""
        live = self._live[seat.key]
        live.recording.stop()
        live.recording.wait(_ORPHAN_GRACE)
        self._close(seat, live, wished=True)
        self._fail(seat.key, self._no_room())

    def stop_all(self, seconds: float) -> None:
        """End all recordings in order; those that take longer are closed by the next run."""
        for live in self._live.values():
            live.recording.stop()
        deadline = time.monotonic() + seconds
        for key, live in list(self._live.items()):
            seat = self._spool.read(key)
            if seat and live.recording.wait(max(0.0, deadline - time.monotonic())):
                self._close(seat, live, wished=True)

    def _start(self, seat: Seat) -> None:
        self._not_before[seat.key] = time.monotonic() + _ROOM_PAUSE
        if self._spool.size() >= self._settings.spool_mib * 1024 * 1024:
            self._fail(seat.key, self._no_room())
            return
        # The part is on disk before ffmpeg runs: whatever happens in between, the next run looks for its file.
        part = Part(number=self._spool.next_part(seat), begun_at=self._now())
        with self._spool.change(seat.key) as kept:
            kept.parts.append(part)
        output = self._spool.file(seat, part.number)
        try:
            recording = Recording(command(self._settings, output, sys.platform), output)
        except (OSError, SettingsError) as error:
            with self._spool.change(seat.key) as kept:
                kept.parts = [one for one in kept.parts if one.number != part.number]
            self._fail(seat.key, str(error))
            return
        self._live[seat.key] = Live(recording, part.number)
        _log.info("event=recording_begun seat=%s part=%d", seat.key, part.number)

    def _watch(self, seat: Seat, live: Live) -> None:
        output = self._spool.file(seat, live.part)
        if not live.recording.wrote:
            return
        if live.size == 0:
            self._note_start(seat.key, live)
        size = output.stat().st_size
        if size != live.size:
            live.size, live.grown = size, time.monotonic()
        elif time.monotonic() - live.grown > _STILL:
            _log.warning("event=recording_stands_still seat=%s part=%d", seat.key, live.part)
            live.recording.stop()

    def _note_start(self, key: str, live: Live) -> None:
        at = live.recording.first_picture_at(self._now())
        with self._spool.change(key) as kept:
            for part in kept.parts:
                if part.number == live.part and part.started_at is None:
                    part.started_at = at
                    kept.failed = ""
                    kept.reports.append(Report(body=reports.started(kept, part, self._now())))
                    late = (at - kept.heard_at).total_seconds() if kept.heard_at else -1.0
                    _log.info("event=recording_started seat=%s part=%d after=%.2f", key, live.part, late)

    def _close(self, seat: Seat, live: Live, *, wished: bool = False) -> None:
        """Note the end of a running recording, and when to begin another one if nobody wanted this end."""
        wished = wished or seat.wanted is not Wanted.RECORD
        if live.recording.wrote and live.size == 0:
            self._note_start(seat.key, live)
        begun = next(part.begun_at for part in seat.parts if part.number == live.part)
        self._end(seat, live.part)
        del self._live[seat.key]
        if wished:
            return
        if self._now() - begun > _WELL_AFTER:
            self._failures[seat.key] = 0
        failures = self._failures[seat.key] = self._failures.get(seat.key, 0) + 1
        reason = live.recording.reason()
        self._not_before[seat.key] = time.monotonic() + _PAUSES[min(failures, len(_PAUSES)) - 1]
        _log.warning("event=recording_broke seat=%s part=%d reason=%s", seat.key, live.part, reason)
        if failures == _REPORTED_AT:
            self._fail(seat.key, reason)

    def _close_left_over(self, seat: Seat, part: Part) -> None:
        """Close what an earlier run of this program left, once its ffmpeg has surely ended."""
        output = self._spool.file(seat, part.number)
        if ended_at(output) is None and time.monotonic() - self._born < _ORPHAN_GRACE and output.exists():
            return
        if part.started_at is None and output.exists() and output.stat().st_size:
            with self._spool.change_part(seat.key, part.number) as kept:
                kept.started_at = part.begun_at
        self._end(seat, part.number)
        _log.info("event=part_closed_after_restart seat=%s part=%d", seat.key, part.number)

    def _end(self, seat: Seat, number: int) -> None:
        output = self._spool.file(seat, number)
        size = output.stat().st_size if output.exists() else 0
        with self._spool.change(seat.key) as kept:
            if size == 0:  # not one picture: there was no such part
                with contextlib.suppress(PermissionError):  # Windows, while somebody looks at it
                    output.unlink(missing_ok=True)
                kept.parts = [part for part in kept.parts if part.number != number]
                return
            written = datetime.fromtimestamp(output.stat().st_mtime, UTC)
            for part in kept.parts:
                if part.number == number:
                    part.ended_at = ended_at(output) or written
                    part.size = size
        log_of(output).unlink(missing_ok=True)
        _log.info("event=recording_ended seat=%s part=%d bytes=%d", seat.key, number, size)

    def _fail(self, key: str, reason: str) -> None:
        """Report once that this seat is not recorded; it is tried again all the same."""
        self._not_before[key] = time.monotonic() + _ROOM_PAUSE
        with self._spool.change(key) as kept:
            if kept.failed != reason:
                kept.failed = reason
                kept.reports.append(Report(body=reports.failed(kept, self._now(), reason)))
                _log.error("event=recording_failed seat=%s reason=%s", key, reason)

    def _no_room(self) -> str:
        return f"spool_mib = {self._settings.spool_mib}: the spool is full of recordings that are not archived yet"
