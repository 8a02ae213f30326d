"""Finds new recordings in Dynamics. Runs on the ACTIVE node only.

Rows are committed late and share timestamps, so no cursor is trusted alone: the tail reads from the highest time seen
(inclusive), a look-back every minute reads the last quarter of an hour again, and everything is told apart by id.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from capture.audio.assign import SLICE, Assigner
from capture.events import Event, emit
from capture.model.authority import Active, Cursor, Watermark
from capture.model.identity import NodeName, RecordingId
from capture.model.recording import Job, JobState, Recording
from capture.ports import Clock, Jobs, Ledger, Source, State

SKEW = timedelta(minutes=1)
"""How far the clocks of Dynamics and of this node may differ when "before this reign" is judged."""

_MOST_SEEN = 200_000


class Discovery:
    """Walks the recordings of the organisation and assigns the new ones."""

    def __init__(
        self,
        node: NodeName,
        source: Source,
        ledger: Ledger,
        jobs: Jobs,
        state: State,
        assigner: Assigner,
        clock: Clock,
        *,
        lookback: timedelta,
        lookback_every: float,
        first_lookback: timedelta,
        file_recheck: timedelta,
    ) -> None:
        self._node = node
        self._source = source
        self._ledger = ledger
        self._jobs = jobs
        self._state = state
        self._assigner = assigner
        self._clock = clock
        self._lookback = lookback
        self._lookback_every = lookback_every
        self._first_lookback = first_lookback
        self._file_recheck = file_recheck
        self._looked_back_at = float("-inf")
        self._look_back_begun: tuple[datetime, datetime] | None = None
        # Every row below has been read after the last moment at which it may have been committed.
        self._proven: datetime | None = None
        # Only saves reading the tables: what is in it is surely in the ledger or among the jobs, for good.
        self._seen: set[RecordingId] = set()

    def run(self, active: Active, until: float) -> None:
        """List what is new until the monotonic time `until`, then raise the low watermark.

        Work is bounded: what does not fit is found by the next tick. Raises Superseded when the lease may be over.
        """
        cursor = self._cursor(active)
        cursor = self._tail(active, cursor, until)
        if self._clock.monotonic() - self._looked_back_at >= self._lookback_every:
            self._look_back(active, cursor, until)
        self._raise_watermark(active)

    def _cursor(self, active: Active) -> Cursor:
        cursor = self._state.cursor()
        if cursor is not None and cursor.epoch == active.epoch:
            return cursor
        # A new reign starts from the low watermark: everything before it is finished, whoever finished it.
        mark = self._state.watermark()
        low = mark.low if mark is not None else self._clock.now() - self._first_lookback
        cursor = Cursor(active.epoch, high=low, began_at=self._clock.now(), since=low)
        active.check(self._clock.monotonic())
        self._state.put_cursor(cursor)
        self._seen.clear()
        self._look_back_begun = self._proven = None
        return cursor

    def _tail(self, active: Active, cursor: Cursor, until: float) -> Cursor:
        if self._assigner.room() <= 0:
            return cursor
        for page in self._source.recordings_since(cursor.high):
            if not self._offer(active, cursor, page, until):
                break
            high = max((recording.created_on for recording in page), default=cursor.high)
            if high > cursor.high:
                cursor = replace(cursor, high=high)
                active.check(self._clock.monotonic())
                self._state.put_cursor(cursor)
            if self._clock.monotonic() >= until or self._assigner.room() <= 0:
                break
        return cursor

    def _look_back(self, active: Active, cursor: Cursor, until: float) -> None:
        """Read again everything from what is proven on. What does not fit into this tick goes on in the next.

        However long this node could not look, it begins where the last complete look-back stopped proving: then a row
        that was committed as late as it may be is inside when its turn comes.
        """
        if self._proven is None:
            mark = self._state.watermark()
            self._proven = mark.low if mark is not None else cursor.began_at - self._first_lookback
        start, end = self._look_back_begun or (min(self._proven, cursor.high), cursor.high)
        for page in self._source.recordings_between(start, end):
            missed = [recording.id for recording in self._unknown(page)]
            if missed and not self._offer(active, cursor, self._source.recordings_by_id(missed), until):
                return
            start = max((recording.created_on for recording in page), default=start)
            self._look_back_begun = (start, end)
            if self._clock.monotonic() >= until:
                return
        self._look_back_begun = None
        self._looked_back_at = self._clock.monotonic()
        # At the beginning of this look-back it was at least `end` in Dynamics: what is older by the promise was there.
        self._proven = max(self._proven, end - self._lookback)

    def _unknown(self, page: Sequence[Recording]) -> list[Recording]:
        new = {recording.id: recording for recording in page if recording.id not in self._seen}
        if not new:
            return []
        start = min(recording.created_on for recording in new.values())
        end = max(recording.created_on for recording in new.values())
        # In this order: a job is removed only after the ledger has its recording.
        known = self._jobs.known(start, end) | self._ledger.known(start, end)
        self._seen |= known
        return [recording for recording in new.values() if recording.id not in known]

    def _offer(self, active: Active, cursor: Cursor, page: Sequence[Recording], until: float) -> bool:
        """Take in what is new on the page, a slice at a time. False when the time was over before the end."""
        unknown = self._unknown(page)
        if len(self._seen) > _MOST_SEEN:
            self._seen.clear()
        for at in range(0, len(unknown), SLICE):
            if at > 0 and self._clock.monotonic() >= until:
                return False
            self._take_in(active, cursor, unknown[at : at + SLICE])
        return True

    def _take_in(self, active: Active, cursor: Cursor, new: Sequence[Recording]) -> None:
        active.check(self._clock.monotonic())
        now = self._clock.now()
        jobs = [Job(row, JobState.PENDING, due=now + self._file_recheck, epoch=active.epoch) for row in new]
        with_file = [job for job in jobs if job.recording.file_id is not None]
        self._jobs.put(job for job in jobs if job.recording.file_id is None)
        conversations = self._source.describe([job.recording for job in with_file])
        self._assigner.assign(active, [(job, self._before(cursor, job)) for job in with_file], conversations)
        self._seen |= {recording.id for recording in new}
        emit(
            Event.RECORDINGS_DISCOVERED,
            node=self._node,
            epoch=active.epoch,
            count=len(new),
            without_file=len(new) - len(with_file),
        )

    @staticmethod
    def _before(cursor: Cursor, job: Job) -> bool:
        # Before epoch 1 there was nobody: every later reign reads a higher epoch on a blob.
        return cursor.epoch > 1 and job.recording.created_on <= cursor.began_at + SKEW

    def _raise_watermark(self, active: Active) -> None:
        """Everything below is finished: behind the oldest unfinished job, and behind what is not proven yet."""
        if self._proven is None:
            return
        low = self._proven
        if (oldest := self._jobs.oldest()) is not None:
            low = min(low, oldest)
        if (mark := self._state.watermark()) is not None:
            low = max(low, mark.low)  # what an earlier reign has finished stays finished
        active.check(self._clock.monotonic())
        self._state.raise_watermark(Watermark(active.epoch, low))
