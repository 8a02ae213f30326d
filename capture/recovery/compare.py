"""What Dynamics has against what this node knows of it. Calls nobody but the organisation and the own tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from capture.model.recording import Recording
from capture.ports import Jobs, Ledger, Source

UNKNOWN = "neither in the ledger nor among the jobs"
ABANDONED = "in the ledger as open, but not among the jobs"
LATE = "parked without a file, which has come since"
PARKED = "parked, and asked for again"
NO_FILE = "no file came"
"""How the reason of a parking begins that only a file can undo."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A recording that Dynamics has and this node has not, and why it counts as missing."""

    recording: Recording
    why: str


def slices(source: Source, start: datetime, end: datetime) -> Iterator[list[Recording]]:
    """Pages of all recordings with `start <= createdon <= end`, oldest first; some may come twice.

    Every page is a query of its own, which begins where the one before ended. Pages of one query are cut by position:
    a row that vanishes between two of them would shift another one across the boundary, unseen. Only a second that
    fills a page (5,000 recordings) is read by position.
    """
    while True:
        moved = False
        for page in source.recordings_between(start, end):
            yield page
            high = max((recording.created_on for recording in page), default=start)
            if high > start:
                start, moved = high, True
                break
        if not moved:
            return


@dataclass(frozen=True, slots=True)
class Comparison:
    """Finds what is missing on a page. Asks the ledger for the page's span: two calls of the own store, mostly."""

    ledger: Ledger
    jobs: Jobs

    def missing(self, page: Sequence[Recording], *, asked_for: bool = False) -> list[Missing]:
        """Return what of the page is missing. `asked_for` takes up whatever is parked, if there is a file for it."""
        if not page:
            return []
        start = min(recording.created_on for recording in page)
        end = max(recording.created_on for recording in page)
        # In this order: a job is removed only after the ledger has its recording.
        waiting = self.jobs.known(start, end)
        states = self.ledger.states(start, end)
        found = []
        for recording in {each.id: each for each in page}.values():
            state = states.get(recording.id)
            why = None
            if state is None or state == "open":
                why = None if recording.id in waiting else UNKNOWN if state is None else ABANDONED
            elif state == "parked" and recording.file_id is not None:
                why = PARKED if asked_for else LATE if self._lacked_a_file(recording) else None
            if why is not None:
                found.append(Missing(recording, why))
        return found

    def _lacked_a_file(self, recording: Recording) -> bool:
        entry = self.ledger.get(recording.id, recording.created_on)
        return entry is not None and entry.parked is not None and entry.parked.reason.startswith(NO_FILE)
