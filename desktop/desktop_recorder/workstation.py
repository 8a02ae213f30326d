"""The whole recorder of one workstation: boards in, recordings, uploads and reports out."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from desktop_recorder import reports
from desktop_recorder.boards import ArchivedPart, Boards, Order, Wanted, outranks
from desktop_recorder.nodes import Nodes
from desktop_recorder.reports import Reporter
from desktop_recorder.screen import Screen
from desktop_recorder.settings import Settings
from desktop_recorder.spool import Report, Seat, Spool
from desktop_recorder.upload import Uploader
from desktop_recorder.wire import Wire

_log = logging.getLogger(__name__)
_TICK = 0.1
_BOUND_EVERY = 1.0
_FIRST_WORD = 3.0
_STILL_FRESH = timedelta(minutes=10)
_REMEMBERED = timedelta(hours=24)
_TO_END = 3.5


class Workstation:
    """Runs in the thread that calls `run`; boards, sign-ins, uploads and reports have threads of their own."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Read the spool; nothing runs before `run`."""
        self._settings = settings
        self._now = now
        self._wire = Wire()
        self._spool = Spool(settings.spool)
        self._changed = threading.Event()
        self._nodes = Nodes(settings, self._wire)
        self._boards = Boards(self._wire, self._changed.set, self._nodes.ask_anew)
        self._screen = Screen(settings, self._spool)
        self._reporter = Reporter(self._nodes, self._spool)
        self._uploader = Uploader(self._nodes, self._wire, self._spool)
        self._orders: dict[str, Order] = {}
        self._left_over = set(self._spool.here())
        self._born = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Record until `stop`, then end what runs, sign out and return within seconds."""
        quiet = threading.Event()
        workers = [
            threading.Thread(target=self._uploader.run, args=(quiet,), name="upload", daemon=True),
            threading.Thread(target=self._reporter.run, args=(quiet,), name="reports", daemon=True),
        ]
        self._nodes.start(self._boards)
        for worker in workers:
            worker.start()
        bounded = time.monotonic()
        try:
            while not stop.is_set():
                self._changed.wait(_TICK)
                try:
                    self._round()
                except OSError as error:
                    # A full or broken disk: what is recorded goes on, the state is written when that works again.
                    _log.error("event=spool_not_writable reason=%s", error.strerror)
                    self._changed.set()
                    stop.wait(1)
                if time.monotonic() - bounded > _BOUND_EVERY:
                    bounded = time.monotonic()
                    self._bound()
        finally:
            self._screen.stop_all(_TO_END)
            quiet.set()
            self._nodes.sign_out()
            self._boards.stop()
            for worker in workers:
                worker.join(1)
            self._wire.close()

    def _round(self) -> None:
        if self._changed.is_set():
            self._changed.clear()
            self._orders = self._boards.orders()
            for order in self._orders.values():
                self._take(order)
        for key in self._spool.here():
            if (seat := self._spool.read(key)) is None or not self._taken_up(seat):
                continue
            if self._screen.tend(seat):
                self._settle(key, self._orders.get(key))

    def _take(self, order: Order) -> None:
        """Note what is wanted. A command id acts once, because what is wanted of a seat only rises in rank."""
        seat = self._spool.read(order.seat)
        if seat is None:
            parts = self._spool.add(order).parts
            _log.info("event=order_heard seat=%s wanted=%s", order.seat, order.wanted)
            if order.wanted is Wanted.KEEP and not parts:
                self._missed(order, "nothing was recorded here: the order came when the session was over")
            return
        if outranks(order.wanted, seat.wanted):
            with self._spool.change(order.seat) as kept:
                kept.wanted = order.wanted
            _log.info("event=order_heard seat=%s wanted=%s", order.seat, order.wanted)
            if order.wanted is Wanted.KEEP and not seat.parts:
                self._missed(order, seat.failed or "nothing is here: it was deleted or never recorded")

    def _missed(self, order: Order, reason: str) -> None:
        with self._spool.change(order.seat) as kept:
            kept.gone_at = self._now()
            if not order.archived_parts:
                kept.reports.append(Report(body=reports.failed(kept, self._now(), reason)))
                _log.error("event=recording_missed seat=%s reason=%s", kept.key, reason)

    def _taken_up(self, seat: Seat) -> bool:
        """Tell whether to go on with a seat; one of an earlier run waits until all boards have been read, or for 3 s.

        It goes on when a board names it. Where not all boards can be read, also when it was going on minutes ago.
        """
        if seat.key not in self._left_over:
            return True
        if seat.wanted is not Wanted.KEEP:
            all_read = len(self._boards.nodes) >= len(self._settings.nodes)
            if not all_read and time.monotonic() - self._born < _FIRST_WORD:
                return False
            named = seat.wanted is Wanted.DELETE or seat.key in self._orders
            if not named and (all_read or not self._going_on(seat)):
                return False
        self._left_over.discard(seat.key)
        return True

    def _going_on(self, seat: Seat) -> bool:
        if not seat.parts:
            return False
        file = self._spool.file(seat, seat.parts[-1].number)
        return file.exists() and datetime.fromtimestamp(file.stat().st_mtime, UTC) > self._now() - _STILL_FRESH

    def _settle(self, key: str, order: Order | None) -> None:
        """Do what is due for a seat whose recordings have all ended."""
        seat = self._spool.read(key)
        if seat is None or seat.wanted is Wanted.STOP:  # it will be said what is to become of it
            return
        if seat.wanted is Wanted.DELETE:
            # First off the disk, then said so.
            if not self._spool.remove_files(key):
                return
            with self._spool.change(key) as kept:
                kept.parts, kept.gone_at = [], self._now()
                kept.reports = [Report(body=reports.deleted(kept, self._now()), to=list(self._nodes.urls))]
            _log.info("event=recording_deleted seat=%s", key)
        elif not seat.parts:
            reason = seat.failed or "not one picture was recorded"
            with self._spool.change(key) as kept:
                kept.gone_at = self._now()
                kept.reports.append(Report(body=reports.failed(kept, self._now(), reason)))
            _log.error("event=recording_missed seat=%s reason=%s", key, reason)
        elif order is not None:
            for part in seat.parts:
                if part.sha256 and ArchivedPart(part=part.number, sha256=part.sha256) in order.archived_parts:
                    self._archived(key, part.number)

    def _archived(self, key: str, number: int) -> None:
        """Remove one part that is archived; with the last one nothing of the seat is here any more."""
        if not self._spool.remove_part(key, number):
            return
        with self._spool.change(key) as kept:
            kept.parts = [part for part in kept.parts if part.number != number]
            kept.archived += 1
            if not kept.parts:
                kept.gone_at = self._now()
        _log.info("event=recording_archived seat=%s part=%d", key, number)

    def _bound(self) -> None:
        """Keep the spool within its bound, and forget seats that no board has named for a day."""
        if self._screen.running and self._spool.size() > self._settings.spool_mib * 1024 * 1024:
            newest = self._spool.read(self._screen.running[-1])
            if newest is not None:
                self._screen.stop_for_lack_of_room(newest)
        self._reporter.drop_old()
        for seat in self._spool.gone():
            if (
                seat.gone_at
                and self._now() - seat.gone_at > _REMEMBERED
                and not seat.reports
                and seat.key not in self._orders
            ):
                self._spool.forget(seat.key)
