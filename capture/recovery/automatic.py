"""The requests that nobody has to make: the last day every hour, the whole window every day, a sample every night.

Their ids are made of the hour or day: so whichever node is ACTIVE knows what has been asked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from capture.model.request import Kind, Request
from capture.ports import Clock, Requests

_A_DAY = timedelta(days=1)
_KEPT = timedelta(days=30)


@dataclass(slots=True)
class Automatic:
    """Asks for what is due. `window` of zero: nothing is asked; `sample` of 0: nothing is verified."""

    requests: Requests
    clock: Clock
    window: timedelta
    sample: int
    verify_hour: int
    _asked_in: str = ""

    def ask(self) -> None:
        """Make the requests of this hour, unless they are known."""
        now = self.clock.now()
        hour = f"{now:%Y%m%d%H}"
        if hour == self._asked_in:
            return
        if self.window:
            self._once(f"hourly-{hour}", Kind.RECOVER, now - min(self.window, _A_DAY), now)
            self._once(f"daily-{now:%Y%m%d}", Kind.RECOVER, now - self.window, now)
        if self.sample and now.hour >= self.verify_hour:
            self._once(f"verify-{now:%Y%m%d}", Kind.VERIFY, None, now, self.sample)
        self._forget(now)
        self._asked_in = hour

    def _once(self, name: str, kind: Kind, start: datetime | None, now: datetime, sample: int = 0) -> None:
        if self.requests.get(name) is None:
            start = start.replace(microsecond=0) if start is not None else None
            self.requests.merge(Request(name, kind, now, start, now, sample=sample, automatic=True))

    def _forget(self, now: datetime) -> None:
        """Forget old automatic requests; those of people stay."""
        for request in self.requests.listed(2000):
            if request.automatic and request.asked_at < now - _KEPT:
                self.requests.remove(request.id)
