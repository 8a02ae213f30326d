"""Leaves a region that cannot be reached alone for a while, so that nothing waits on it again and again."""

from capture.ports import Clock

REST_SECONDS = 20.0
"""Longer than a lease: while it runs out nothing waits for the store that was lost with the ACTIVE node."""
_LONGEST = 40.0


class Rest:
    """Shared by everything in this process that speaks to one other region.

    Each rest after a failed try is twice as long as the one before, up to most of a minute, until a try succeeds.
    """

    def __init__(self, clock: Clock, first: float = REST_SECONDS, longest: float = _LONGEST) -> None:
        """Begin with no rest; the first one lasts `first` seconds, none longer than `longest`."""
        self._clock = clock
        self._first = first
        self._longest = longest
        self._until = float("-inf")
        self._next = first

    @property
    def on(self) -> bool:
        """Tell whether it is left alone now."""
        return self._clock.monotonic() < self._until

    def begin(self) -> None:
        """It has just failed to answer. While a rest is on, further failures belong to the one that began it."""
        if not self.on:
            self._until = self._clock.monotonic() + self._next
            self._next = min(2 * self._next, self._longest)

    def end(self) -> None:
        """It has just answered."""
        self._until = float("-inf")
        self._next = self._first
