"""For how long this node has been fit to be ACTIVE, as far as this process knows."""

from capture.ports import Clock


class Condition:
    """Shared by whatever notices that this node could not do the work: a new process begins at nought."""

    def __init__(self, clock: Clock) -> None:
        """Begin now."""
        self._clock = clock
        self._well_since = clock.monotonic()

    @property
    def well_seconds(self) -> float:
        """Seconds since the last trouble."""
        return self._clock.monotonic() - self._well_since

    def trouble(self) -> None:
        """Something went wrong that an ACTIVE node must be able to do."""
        self._well_since = self._clock.monotonic()
