"""Finds new recordings in Dynamics. Runs on the ACTIVE node only.

Rows are committed late and share timestamps, so no cursor is trusted alone: the tail reads from the highest time seen
(inclusive), a look-back every minute reads the last quarter of an hour again, and everything is told apart by id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from capture.audio.assign import Assigner
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
        # Only saves reading the tables: what is in it is surely in the ledger or among the jobs, for good.
        self._seen: set[RecordingId] = set()

    def run(self, active: Active, until: float) -> None:
        """List what is new until the monotonic time `until`, then raise the low watermark.

        Work is bounded: what does not fit is found by the next tick. Raises Superseded when the lease may be over.
        """
        cursor = self._cursor(active)
        if self._clock.monotonic() - self._looked_back_at >= self._lookback_every:
            self._look_back(active, cursor, until)
        cursor = self._tail(active, cursor, until)
        self._raise_watermark(active, cursor)

    def _cursor(self, active: Active) -> Cursor:
        cursor = self._state.cursor()
        if cursor is not None and cursor.epoch == active.epoch:
            return cursor
        # A new reign starts from the low watermark: everything before it is finished, whoever finished it.
        mark = self._state.watermark()
        low = mark.low if mark is not None else self._clock.now() - self._first_lookback
        cursor = Cursor(active.epoch, high=low, began_at=self._clock.now())
        self._state.put_cursor(cursor)
        self._seen.clear()
        return cursor

    def _tail(self, active: Active, cursor: Cursor, until: float) -> Cursor:
        if self._assigner.room() <= 0:
            return cursor
        for page in self._source.recordings_since(cursor.high):
            active.check(self._clock.monotonic())
            self._offer(active, cursor, page)
            high = max((recording.created_on for recording in page), default=cursor.high)
            if high > cursor.high:
                cursor = Cursor(cursor.epoch, high, cursor.began_at)
                self._state.put_cursor(cursor)
            if self._clock.monotonic() >= until or self._assigner.room() <= 0:
                break
        return cursor

    def _look_back(self, active: Active, cursor: Cursor, until: float) -> None:
        for page in self._source.recordings_between(cursor.high - self._lookback, cursor.high):
            missed = [recording.id for recording in self._unknown(page)]
            if missed:
                active.check(self._clock.monotonic())
                self._offer(active, cursor, self._source.recordings_by_id(missed))
            if self._clock.monotonic() >= until:
                return  # not marked as done: the next tick goes on with it
        self._looked_back_at = self._clock.monotonic()

    def _unknown(self, page: Sequence[Recording]) -> list[Recording]:
        new = {recording.id: recording for recording in page if recording.id not in self._seen}
        if not new:
            return []
        start = min(recording.created_on for recording in new.values())
        end = max(recording.created_on for recording in new.values())
        known = self._ledger.known(start, end) | self._jobs.known(start, end)
        self._seen |= known
        return [recording for recording in new.values() if recording.id not in known]

    def _offer(self, active: Active, cursor: Cursor, page: Sequence[Recording]) -> None:
        unknown = self._unknown(page)
        if not unknown:
            return
        now = self._clock.now()
        pending = [
            Job(recording, JobState.PENDING, due=now + self._file_recheck, epoch=active.epoch) for recording in unknown
        ]
        with_file = [job for job in pending if job.recording.file_id is not None]
        self._jobs.put(job for job in pending if job.recording.file_id is None)
        conversations = self._source.describe([job.recording for job in with_file])
        self._assigner.assign(active, [(job, self._before(cursor, job)) for job in with_file], conversations)
        if len(self._seen) > _MOST_SEEN:
            self._seen.clear()
        self._seen |= {recording.id for recording in unknown}
        emit(
            Event.RECORDINGS_DISCOVERED,
            node=self._node,
            epoch=active.epoch,
            count=len(unknown),
            without_file=len(unknown) - len(with_file),
        )

    @staticmethod
    def _before(cursor: Cursor, job: Job) -> bool:
        return job.recording.created_on <= cursor.began_at + SKEW

    def _raise_watermark(self, active: Active, cursor: Cursor) -> None:
        """Everything below is finished: behind the oldest unfinished job, and behind what may still be committed."""
        low: datetime = cursor.high - self._lookback
        if (oldest := self._jobs.oldest()) is not None:
            low = min(low, oldest)
        if (mark := self._state.watermark()) is not None:
            low = max(low, mark.low)  # what an earlier reign has finished stays finished
        active.check(self._clock.monotonic())
        self._state.raise_watermark(Watermark(active.epoch, low))
