"""Looks for what is missing: in a period, or among ids that a person names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from capture.model.authority import Active
from capture.model.identity import ConversationId, RecordingId
from capture.model.request import Item, Outcome, Phase, Request
from capture.ports import Clock, Source, State
from capture.recovery.compare import Comparison, Missing, slices
from capture.recovery.fetch import Fetching
from capture.recovery.keeping import Keeping

_AT_ONCE = 100
"""Ids asked for in one go."""
_DRY = "dry run: nothing was fetched"
_NOT_THERE = "Dynamics has neither a recording nor a conversation of this id"


@dataclass(frozen=True, slots=True)
class Looking:
    """Compares a page at a time, gives out what is missing, and keeps how far it has come."""

    source: Source
    state: State
    comparison: Comparison
    fetching: Fetching
    keeping: Keeping
    clock: Clock
    lookback: timedelta

    def period(self, active: Active, request: Request, until: float) -> Request:
        """Compare until the monotonic time `until`, or the end of the period."""
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
                return self.keeping.keep(active, request, reached=missing[done].recording.created_on)
            before = request.progress.reached or start
            # What was created in the second with which the page before ended comes twice.
            fresh = [row for row in page if row.created_on > before or (edge is not None and row.id not in edge)]
            reached = max((row.created_on for row in page), default=before)
            edge = {row.id for row in page if row.created_on == reached}
            request = self.keeping.keep(
                active, request, reached=reached, compared=request.progress.compared + len(fresh)
            )
            if not request.live or self.clock.monotonic() >= until:
                return request
        return self.keeping.keep(active, request, phase=Phase.FETCHING)

    def ids(self, active: Active, request: Request, until: float) -> Request:
        """Ask Dynamics for the ids until the monotonic time `until`, and compare what there is."""
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
            request = self.keeping.note(active, request, unknown)
            missing = [found for row in rows for found in self.comparison.missing([row], asked_for=True)]
            done, request = self._found(active, request, missing)
            if done < len(missing):
                return request
            request = self.keeping.keep(active, request, compared=at + len(some))
        return self.keeping.keep(active, request, phase=Phase.FETCHING)

    def _found(self, active: Active, request: Request, missing: Sequence[Missing]) -> tuple[int, Request]:
        """Keep and give out what was found, as far as there is room. Return how many."""
        done = 0
        while done < len(missing):
            room = _AT_ONCE if request.dry_run else self.fetching.room()
            if room <= 0:
                break
            some = missing[done : done + room]
            outcome, reason = (Outcome.REPORTED, _DRY) if request.dry_run else (Outcome.OPEN, "")
            request = self.keeping.note(
                active,
                request,
                [Item(each.recording.id, each.recording.created_on, each.why, outcome, reason) for each in some],
            )
            if not request.dry_run:
                self.fetching.give_out(active, some)
            done += len(some)
        return done, request

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
