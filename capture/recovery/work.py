"""Works off the requests on the ACTIVE node, a bounded part in each run: whoever is ACTIVE goes on where it stands.

What is found is kept before it is given out, and how far the work has come after that: killed in between, a node (or
the other one) compares one page again.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import batched

from capture.errors import CaptureError, Superseded
from capture.events import Event, emit
from capture.model.authority import Active
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.request import Item, Kind, News, Outcome, Phase, Progress, Request, join_items
from capture.ports import Clock, Requests, Source, State
from capture.recovery.automatic import Automatic
from capture.recovery.chain import Chain
from capture.recovery.compare import Comparison, Missing, slices
from capture.recovery.days import Compliance
from capture.recovery.fetch import Fetching
from capture.recovery.settle import Settlement
from capture.recovery.verify import Verification
from capture.redundancy.incidents import Incidents
from capture.redundancy.notifications import Notifier

_AT_ONCE = 100
"""Ids asked for in one go, and items told to the peer in one message."""
_SETTLED_AT_ONCE = 1000
_MOST_FOUND = 10_000
_A_PAGE = 3.0
"""Seconds that a page may take: with less of the authority left none is begun."""
_DRY = "dry run: nothing was fetched"
_NOT_THERE = "Dynamics has neither a recording nor a conversation of this id"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The use case behind the recovery timer."""

    node: NodeName
    source: Source
    state: State
    requests: Requests
    notifier: Notifier
    comparison: Comparison
    fetching: Fetching
    settlement: Settlement
    automatic: Automatic
    verification: Verification
    compliance: Compliance
    chain: Chain
    incidents: Incidents
    clock: Clock
    lookback: timedelta
    seconds: float

    def run(self, hold: Callable[[], Active | None]) -> None:
        """Work for about `seconds`, as long as `hold` says that this node is ACTIVE. Superseded when it is no longer.

        The log is sealed in any case: each node seals its own.
        """
        self.chain.seal()
        ends = self.clock.monotonic() + self.seconds
        moved = True
        while moved and self.clock.monotonic() < ends:
            active = hold()
            if active is None:
                return
            self.automatic.ask()
            moved = False
            if active.until - self.clock.monotonic() > _A_PAGE:
                moved = self._tried("days", self.compliance.look)
            for request in self.requests.live():
                until = min(ends, active.until - _A_PAGE)
                if self.clock.monotonic() < until:
                    moved = self._tried(request.id, partial(self._step, active, request, until, hold)) or moved

    def _tried(self, what: str, work: Callable[[], bool]) -> bool:
        """Do one thing; what fails is noted and tried again in the next run, and holds up no other."""
        try:
            return work()
        except Superseded:
            raise
        except CaptureError as error:
            self.incidents.note(f"{what}: {error}")
            emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="recover", request=what, why=error)
            return False

    def _step(self, active: Active, request: Request, until: float, hold: Callable[[], Active | None]) -> bool:
        """Do a part of one request. Tell whether it has come further."""
        before = request.progress
        if before.phase is Phase.WAITING:
            request = self.keep(active, request, phase=Phase.LOOKING, reached=request.start, began_at=self.clock.now())
        if request.progress.phase is Phase.LOOKING:
            if request.kind is Kind.VERIFY:
                return self._verified(request, hold)
            work = self._ids if request.ids else self._period
            request = work(active, request, until)
        if request.progress.phase is Phase.FETCHING:
            request = self._settle(active, request)
        return request.progress != before

    def _verified(self, request: Request, hold: Callable[[], Active | None]) -> bool:
        checked = self.verification.part(request)
        # Reading needs no authority, and may take longer than it lasts.
        active = hold()
        if active is None:
            return False
        # One thing may be found by several checks.
        before = self.requests.items(request.id, _MOST_FOUND) if checked.items else []
        news = {(item.created_on, item.id) for item in checked.items}
        joined = join_items([*before, *checked.items])
        request = self._note(active, request, [each for each in joined if (each.created_on, each.id) in news])
        compared = request.progress.compared + checked.compared
        phase = Phase.FETCHING if checked.ended else Phase.LOOKING
        self.keep(active, request, reached=checked.reached, compared=compared, phase=phase)
        return True

    def _period(self, active: Active, request: Request, until: float) -> Request:
        start, asked_end = request.progress.reached, request.end
        proven = self._proven()
        if start is None or asked_end is None or proven is None:
            return request
        # What is younger is discovery's: both would give out the same recording.
        end = min(asked_end, proven)
        edge: set[RecordingId] | None = None if request.progress.compared else set()
        for page in slices(self.source, start, end) if start <= end else ():
            missing = self.comparison.missing(page)
            done, request = self._found(active, request, missing)
            if done < len(missing):
                return self.keep(active, request, reached=missing[done].recording.created_on)
            before = request.progress.reached or start
            # What was created in the second with which the page before ended comes twice.
            fresh = [row for row in page if row.created_on > before or (edge is not None and row.id not in edge)]
            reached = max((row.created_on for row in page), default=before)
            edge = {row.id for row in page if row.created_on == reached}
            request = self.keep(active, request, reached=reached, compared=request.progress.compared + len(fresh))
            if not request.live or self.clock.monotonic() >= until:
                return request
        return self.keep(active, request, phase=Phase.FETCHING)

    def _ids(self, active: Active, request: Request, until: float) -> Request:
        while request.progress.compared < len(request.ids):
            crowded = not request.dry_run and self.fetching.room() <= 0
            if crowded or not request.live or self.clock.monotonic() >= until:
                return request
            at = request.progress.compared
            some = request.ids[at : at + _AT_ONCE]
            rows = self.source.recordings_by_id([RecordingId(each) for each in some])
            rows += self.source.recordings_of([ConversationId(each) for each in some])
            told = {row.id for row in rows} | {row.conversation_id for row in rows}
            unknown = [
                Item(each, request.asked_at, "asked for", Outcome.FAILED, _NOT_THERE)
                for each in some
                if each not in told
            ]
            request = self._note(active, request, unknown)
            missing = [found for row in rows for found in self.comparison.missing([row], asked_for=True)]
            done, request = self._found(active, request, missing)
            if done < len(missing):
                return request
            request = self.keep(active, request, compared=at + len(some))
        return self.keep(active, request, phase=Phase.FETCHING)

    def _found(self, active: Active, request: Request, missing: Sequence[Missing]) -> tuple[int, Request]:
        """Keep and give out what was found, as far as there is room. Return how many."""
        done = 0
        while done < len(missing):
            room = _AT_ONCE if request.dry_run else self.fetching.room()
            if room <= 0:
                break
            some = missing[done : done + room]
            outcome, reason = (Outcome.REPORTED, _DRY) if request.dry_run else (Outcome.OPEN, "")
            request = self._note(
                active,
                request,
                [Item(each.recording.id, each.recording.created_on, each.why, outcome, reason) for each in some],
            )
            if not request.dry_run:
                self.fetching.give_out(active, some)
            done += len(some)
        return done, request

    def _note(self, active: Active, request: Request, items: Sequence[Item]) -> Request:
        if not items:
            return request
        self.put(request, items)
        tally = self.requests.tally(request.id)
        emit(Event.RECORDINGS_MISSED, logging.WARNING, node=self.node, request=request.id, count=len(items))
        return self.keep(
            active, request, detected=sum(tally.values()), failed=tally.get(Outcome.FAILED.value, 0), items=items
        )

    def _settle(self, active: Active, request: Request) -> Request:
        left = self.requests.items(request.id, _SETTLED_AT_ONCE, only_open=True)
        settled = self.settlement.of(left)
        self.put(request, settled)
        progress = request.progress
        if settled or not left:
            tally = self.requests.tally(request.id)
            progress = replace(
                progress,
                detected=sum(tally.values()),
                recovered=tally.get(Outcome.RECOVERED.value, 0),
                failed=tally.get(Outcome.FAILED.value, 0),
            )
        if not left:
            emit(Event.RECOVERY_ENDED, node=self.node, request=request.id, detected=progress.detected)
            progress = replace(progress, phase=Phase.DONE, ended_at=self.clock.now())
        if progress == request.progress:
            return request
        return self._advance(active, request, progress, settled)

    def put(self, request: Request, items: Sequence[Item]) -> None:
        """Keep what was found or settled."""
        if items:
            self.requests.put_items(request.id, items)

    def keep(self, active: Active, request: Request, *, items: Sequence[Item] = (), **changes: object) -> Request:
        """Keep how far the request has come, and tell the peer."""
        return self._advance(active, request, replace(request.progress, **changes), items)  # type: ignore[arg-type]

    def _advance(self, active: Active, request: Request, progress: Progress, items: Sequence[Item]) -> Request:
        active.check(self.clock.monotonic())
        step = request.progress.step + 1
        known = self.requests.merge(replace(request, progress=replace(progress, epoch=active.epoch, step=step)))
        for some in batched(items, _AT_ONCE, strict=False):
            self.notifier.tell_recovery(News(known, some))
        if not items:
            self.notifier.tell_recovery(News(known))
        return known

    def hear(self, news: News) -> None:
        """Take in what the peer says of a request."""
        self.requests.merge(news.request)
        self.put(news.request, news.items)

    def _proven(self) -> datetime | None:
        """Up to where discovery has read: all that it could find before is in the ledger or among the jobs.

        Everything below the low watermark, and what the tail has left well behind. In a reign that has lasted for a
        while the tail is near the present: a quiet hour does not move its cursor.
        """
        mark, cursor = self.state.watermark(), self.state.cursor()
        read = [mark.low] if mark is not None else []
        if cursor is not None:
            read.append(cursor.high - 2 * self.lookback)
            if cursor.began_at <= (present := self.clock.now() - 2 * self.lookback):
                read.append(present)
        return max(read, default=None)
