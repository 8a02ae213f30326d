"""The thread that reports to the nodes, again and again until they have said that they know."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desktop_recorder.boards import Wanted
from desktop_recorder.errors import RecorderError
from desktop_recorder.nodes import Nodes
from desktop_recorder.spool import Part, Report, Seat, Spool

_log = logging.getLogger(__name__)
_EVERY = 0.1
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 15.0
_PATIENCE = 10.0
_ARCHIVE_PATIENCE = timedelta(seconds=60)
_LONGEST_ARCHIVE_PATIENCE = timedelta(hours=1)
_GIVEN_UP_AFTER = timedelta(hours=24)


class Reporter:
    """Says what has begun, has ended, is deleted or has failed."""

    def __init__(self, nodes: Nodes, spool: Spool, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nothing is said before `run`."""
        self._nodes = nodes
        self._spool = spool
        self._now = now
        self._pauses: dict[tuple[str, ...], tuple[float, float]] = {}
        self._failing: dict[tuple[str, int], float] = {}

    def run(self, stop: threading.Event) -> None:
        """Report until `stop`."""
        while not stop.wait(_EVERY):
            for key in self._spool.owing():
                if (seat := self._spool.read(key)) is not None and not stop.is_set():
                    try:
                        self._tell(seat)
                    except (KeyError, OSError) as error:  # forgotten meanwhile, or the disk is full
                        _log.warning("event=not_noted seat=%s reason=%s", key, type(error).__name__)

    def _tell(self, seat: Seat) -> None:
        for report in seat.reports:
            if heard := self._said(seat, report.body, report.to):
                self._cross_off(seat, report, heard)
        if seat.wanted is Wanted.KEEP and seat.recorded and seat.gone_at is None:
            for part in seat.parts:
                if part.delivered and self._due(part):
                    self._finished(seat, part)

    def _said(self, seat: Seat, body: dict[str, str | int], to: list[str]) -> list[str]:
        """Tell all of `to`, or the first that answers when it is empty. Return who has heard it."""
        heard: list[str] = []
        for url in to or self._nodes.urls:
            pause_key = (seat.key, url, str(body["state"]), str(body.get("part", "")))
            not_before, pause = self._pauses.get(pause_key, (0.0, _FIRST_PAUSE))
            if time.monotonic() < not_before:
                continue
            try:
                self._nodes.report(url, seat.session_id, body)
            except RecorderError as error:
                if pause_key not in self._pauses:
                    _log.warning("event=report_not_heard seat=%s state=%s reason=%s", seat.key, body["state"], error)
                self._pauses[pause_key] = (time.monotonic() + pause, min(2 * pause, _LONGEST_PAUSE))
                continue
            self._pauses.pop(pause_key, None)
            heard.append(url)
            if not to:
                break
        return heard

    def _cross_off(self, seat: Seat, report: Report, heard: list[str]) -> None:
        with self._spool.change(seat.key) as kept:
            for owed in list(kept.reports):
                if owed == report:
                    owed.to = [url for url in owed.to if url not in heard]
                    if not owed.to:
                        kept.reports.remove(owed)
        _log.info("event=reported seat=%s state=%s", seat.key, report.body["state"])

    def _due(self, part: Part) -> bool:
        """Tell whether to report a part: at once, then at growing distances until its archive is confirmed."""
        if part.reported_at is None:
            return True
        wait = min(_ARCHIVE_PATIENCE * (1 << min(part.times_reported - 1, 10)), _LONGEST_ARCHIVE_PATIENCE)
        return self._now() - part.reported_at > wait

    def _finished(self, seat: Seat, part: Part) -> None:
        key = (seat.key, part.number)
        if part.times_reported and part.times_reported % 2 == 0:
            # Told twice and still not archived: the node that has the bytes may be gone for long.
            self._move(seat, part)
            return
        node = part.node if part.node in self._nodes.urls else self._nodes.urls[0]
        if self._said(seat, finished(seat, part, self._now()), [node]):
            self._failing.pop(key, None)
            with self._spool.change_part(seat.key, part.number) as kept:
                kept.reported_at = self._now()
                kept.times_reported += 1
            _log.info("event=reported seat=%s part=%d state=finished", *key)
        elif time.monotonic() - self._failing.setdefault(key, time.monotonic()) > _PATIENCE:
            self._failing.pop(key, None)
            self._move(seat, part)

    def _move(self, seat: Seat, part: Part) -> None:
        """Have the part sent to the other node; behind one front URL, to whichever answers."""
        urls = self._nodes.urls
        at = urls.index(part.node) if part.node in urls else -1
        with self._spool.change_part(seat.key, part.number) as kept:
            kept.node, kept.target, kept.delivered, kept.reported_at = urls[(at + 1) % len(urls)], None, False, None
            kept.times_reported += 1
        _log.warning("event=part_sent_again seat=%s part=%d", seat.key, part.number)

    def drop_old(self) -> None:
        """Drop what nobody wanted to hear for a day of seats that are gone."""
        for seat in self._spool.gone():
            if seat.reports and seat.gone_at is not None and self._now() - seat.gone_at > _GIVEN_UP_AFTER:
                with self._spool.change(seat.key) as kept:
                    kept.reports = []


def started(seat: Seat, part: Part, at: datetime) -> dict[str, str | int]:
    """Say that pictures of a part are coming, and since when."""
    begun = (part.started_at or part.begun_at).isoformat()
    return {**_head(seat, "started", at), "part": part.number, "parts": seat.count, "started_at": begun}


def finished(seat: Seat, part: Part, at: datetime) -> dict[str, str | int]:
    """Say that a part is complete in the staged blob."""
    return {
        **_head(seat, "finished", at),
        "part": part.number,
        "parts": seat.count,
        "started_at": (part.started_at or part.begun_at).isoformat(),
        "ended_at": (part.ended_at or at).isoformat(),
        "size": part.size or 0,
        "sha256": part.sha256 or "",
    }


def deleted(seat: Seat, at: datetime) -> dict[str, str | int]:
    """Say that nothing of the seat lies on this disk any more."""
    return _head(seat, "deleted", at)


def failed(seat: Seat, at: datetime, reason: str) -> dict[str, str | int]:
    """Say that the screen is not recorded, or not any more, and why."""
    return {**_head(seat, "failed", at), "reason": reason}


def _head(seat: Seat, state: str, at: datetime) -> dict[str, str | int]:
    return {"agent_id": seat.agent_id, "state": state, "at": at.isoformat()}
