"""Calls that keep coming while something else is going on, published by whoever waits for it."""

import time
from collections.abc import Callable

from lab.organisation import Organisation
from lab.script import shape
from lab.waiting import TimeoutExpiredError

_LOOK_SECONDS = 0.1
_SIZE_BYTES = 65_536


class Calls:
    """A steady stream of small calls; every tenth or so has a row or a file that comes late (`lab.script.shape`)."""

    def __init__(self, organisation: Organisation, per_second: float) -> None:
        """Begin now. Nothing is published until somebody waits here."""
        self._organisation = organisation
        self._rate = per_second
        self._began = time.monotonic()
        self._published = 0

    def keep_coming(self, seconds: float) -> None:
        """Return after `seconds`, during which the calls have gone on."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self.catch_up()
            time.sleep(max(0.0, min(_LOOK_SECONDS, end - now)))

    def wait_until(self, what: str, happened: Callable[[], bool], seconds: float) -> None:
        """Wait until something has happened while the calls go on; TimeoutExpiredError says what did not."""
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                raise TimeoutExpiredError(f"after {seconds:.0f} s still not: {what}")
            self.keep_coming(_LOOK_SECONDS)

    def catch_up(self) -> None:
        """Publish what is due by now."""
        due = int((time.monotonic() - self._began) * self._rate)
        while self._published < due:
            self._organisation.publish(1, size_bytes=_SIZE_BYTES, **shape(self._published))
            self._published += 1
