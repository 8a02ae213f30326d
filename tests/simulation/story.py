"""What happened: a number that tells two histories apart, and the last part of it to read."""

from collections import deque
from collections.abc import Iterable

from capture.model.ledger import LedgerEntry
from capture.model.recording import Job
from tests.simulation.kernel import Kernel

_KEPT = 30_000


class Story:
    """The trace of one history. `digest` covers time, node, place and name of everything noted."""

    def __init__(self, kernel: Kernel, kept: int | None = _KEPT) -> None:
        self.digest = 0
        self._kernel = kernel
        self._lines: deque[tuple[float, str, str, str, object]] = deque(maxlen=kept)
        self._numbers: dict[tuple[str, str, str], int] = {}

    def note(self, node: str, place: str, what: str, detail: object = "") -> None:
        """Keep one thing that happened now. Numbers hash alike in every process, texts do not."""
        number = self._numbers.setdefault((node, place, what), len(self._numbers))
        self.digest = hash((self.digest, self._kernel.now, number))
        self._lines.append((self._kernel.now, node, place, what, detail))

    def lines(self, *about: str, last: int | None = None) -> list[str]:
        """Write what is kept; with `about`, what mentions one of these ids, the faults, and the changes of role."""
        found = []
        for when, node, place, what, detail in self._lines:
            text = f"{when:10.3f}  {node:<8} {place:<8} {what:<24} {_readable(detail)}"
            if not about or place in ("fault", "log", "host") or any(each in text for each in about):
                found.append(text.rstrip())
        return found[-last:] if last is not None else found


def _readable(detail: object) -> str:
    match detail:
        case bytes():
            return detail.decode(errors="replace")
        case LedgerEntry():
            ends = [f"copy@{copy.node}" for copy in sorted(detail.copies)] + (["parked"] if detail.parked else [])
            return f"{detail.recording_id} {' '.join(ends)}"
        case Job():
            row = detail.recording
            return f"{row.id}({detail.state} {detail.node} e{detail.epoch} a{detail.attempt} due {detail.due:%H:%M:%S})"
        case str():
            return detail
        case tuple() | list():
            return " ".join(_readable(each) for each in _some(detail))
    return str(detail)


def _some(details: Iterable[object]) -> list[object]:
    return list(details)
