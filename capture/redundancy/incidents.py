"""What went wrong last, for `status`."""

from contextlib import suppress
from dataclasses import dataclass

from capture.errors import CaptureError
from capture.ports import Clock, State


@dataclass(frozen=True, slots=True)
class Incidents:
    """Keeps the last error. Noting never fails: it must not take down the work that goes on after it."""

    state: State
    clock: Clock

    def note(self, text: str) -> None:
        """Keep `text` with the time, if the store can be written; the log has it in any case."""
        with suppress(CaptureError):
            self.state.note_error(self.clock.now(), text)
