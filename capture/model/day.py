"""What has become of the calls of one day, and of what was found wrong with it."""

from dataclasses import dataclass, replace
from datetime import datetime

from capture.model.identity import ConversationId


@dataclass(frozen=True, slots=True)
class CompletedCall:
    """A voice conversation that has ended. `seconds` from its start to its end, None when Dynamics does not say."""

    id: ConversationId
    created_on: datetime
    seconds: int | None


@dataclass(frozen=True, slots=True, order=True)
class Closing:
    """A person has looked at what was wrong with a day and closes it: when, who, and why it is in order.

    `calls` and `recordings` are what lacked then: more than that nobody has closed.
    """

    at: datetime
    by: str
    note: str
    calls: int = 0
    recordings: int = 0


@dataclass(frozen=True, slots=True)
class DayReport:
    """One UTC day (YYYY-MM-DD) by the creation of its calls, as it was at `read_at`.

    `archived`, `pending` and `parked` are the calls with recordings, each counted once by the worst of its recordings.
    `without_recording` and `too_short` have none there. `in_dynamics` and `in_ledger` count recordings by two ways that
    share nothing: Dynamics' own count, and the rows of ledger and jobs.
    """

    day: str
    read_at: datetime
    completed: int
    archived: int
    pending: int
    parked: int
    without_recording: int
    too_short: int
    in_dynamics: int
    in_ledger: int
    closing: Closing | None = None

    @property
    def with_recording(self) -> int:
        """Calls that have a recording in Dynamics."""
        return self.archived + self.pending + self.parked

    @property
    def compliance(self) -> float | None:
        """Part of the calls with recordings that is archived, 0 to 1; None when there are none."""
        return self.archived / self.with_recording if self.with_recording else None

    @property
    def lacking(self) -> tuple[int, int]:
        """Calls whose recordings are not archived, and recordings that Dynamics counts beyond ledger and jobs."""
        return self.pending + self.parked, max(0, self.in_dynamics - self.in_ledger)

    @property
    def closed(self) -> bool:
        """Tell whether a person has closed what is wrong, and it has not got worse since."""
        calls, recordings = self.lacking
        closing = self.closing
        return closing is not None and calls <= closing.calls and recordings <= closing.recordings

    def incident(self, target: float) -> str | None:
        """Say what is wrong with the day against a target in per cent; None when nothing is."""
        reasons = []
        if self.compliance is not None and 100 * self.compliance < target:
            percent = f"{100 * self.compliance:.2f} % archived"
            reasons.append(f"{self.pending} calls pending and {self.parked} parked: {percent}")
        if self.in_dynamics > self.in_ledger:
            reasons.append(f"Dynamics counts {self.in_dynamics} recordings, ledger and jobs have {self.in_ledger}")
        return "; ".join(reasons) or None


def merge_days(one: DayReport, other: DayReport) -> DayReport:
    """Join what is known of one day: the later reading, the later closing."""
    latest = max(one, other, key=lambda report: (report.read_at, str(replace(report, closing=None))))
    closings = [each.closing for each in (one, other) if each.closing is not None]
    return replace(latest, closing=max(closings, default=None))
