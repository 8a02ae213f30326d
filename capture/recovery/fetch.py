"""What is missing becomes ordinary jobs: nothing else downloads or archives. Authority: needs an Active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from capture.audio.assign import SLICE, Assigner
from capture.audio.finish import Finisher
from capture.model.authority import Active
from capture.model.recording import Job, JobState
from capture.ports import Clock, Jobs, Ledger, Source
from capture.recovery.compare import Missing


@dataclass(frozen=True, slots=True)
class Fetching:
    """Gives out what is missing, a slice at a time."""

    source: Source
    ledger: Ledger
    jobs: Jobs
    assigner: Assigner
    finisher: Finisher
    clock: Clock
    file_recheck: timedelta

    def room(self) -> int:
        """How many recordings may be given out now."""
        return min(SLICE, self.assigner.room())

    def give_out(self, active: Active, some: Sequence[Missing]) -> None:
        """Make jobs of at most SLICE recordings. Each may have been archived before, so both archives are looked into.

        What is in an archive, and was only missing in the ledger, is taken into it by that look, without a download.
        """
        active.check(self.clock.monotonic())
        for each in some:
            # A parking counts until it is undone: only then may the recording be archived.
            known = self.ledger.get(each.recording.id, each.recording.created_on)
            if known is not None and known.state == "parked":
                self.finisher.reopen(known)
        rows = self.source.recordings_by_id([each.recording.id for each in some])
        due = self.clock.now() + self.file_recheck
        jobs = [Job(row, JobState.PENDING, due=due, epoch=active.epoch) for row in rows]
        with_file = [job for job in jobs if job.recording.file_id is not None]
        active.check(self.clock.monotonic())
        self.jobs.put(job for job in jobs if job.recording.file_id is None)
        conversations = self.source.describe([job.recording for job in with_file])
        self.assigner.assign(active, [(job, True) for job in with_file], conversations)
