"""Leaves a peer that cannot be reached alone for a while, so that nothing waits on the other region again and again."""

from capture.ports import Clock

REST_SECONDS = 10.0


class Rest:
    """Shared by everything in this process that speaks to the peer's store."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = float("-inf")

    @property
    def on(self) -> bool:
        """Tell whether the peer is left alone now."""
        return self._clock.monotonic() < self._until

    def begin(self) -> None:
        """The peer has just failed to answer."""
        self._until = self._clock.monotonic() + REST_SECONDS
