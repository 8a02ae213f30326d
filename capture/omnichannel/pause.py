"""Until when this node must not call Dynamics. Sending on during a 429 makes the wait grow, for the whole node."""

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from capture.errors import Transient, Waiting
from capture.ports import Clock

LOOK_SECONDS = 2.0
"""How often at most the node's shared state is asked."""

LONGEST_SECONDS = 3600.0
"""A longer pause is a mistake of somebody's clock."""


class Shared(Protocol):
    """Where the instances of a node tell each other of a pause; `State` is one."""

    def paused_until(self) -> datetime | None:
        """Until when the node is paused, None if it never was."""

    def pause_until(self, when: datetime) -> None:
        """Pause the node; a pause never shortens another."""


class Alone:
    """A process that shares its pause with nobody: a command that a person runs."""

    def paused_until(self) -> None:
        """Nobody has said anything."""

    def pause_until(self, when: datetime) -> None:
        """There is nobody to tell."""


class Pause:
    """The pause of the whole node: known in this process at once, to its other instances through `State`."""

    def __init__(self, state: Shared, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._look_at = float("-inf")

    def check(self) -> None:
        """Raise Waiting while the node is paused."""
        self._look()
        left = self._until - self._clock.monotonic()
        if left > 0:
            raise Waiting(f"Dynamics asked this node to wait; {left:.0f} s are left", retry_after=left)

    def begin(self, seconds: float) -> None:
        """Pause the whole node. A pause never shortens another."""
        seconds = min(seconds, LONGEST_SECONDS)
        self._extend(seconds)
        # If the store cannot be written, this process still waits, and another instance gets a 429 of its own.
        with suppress(Transient):
            self._state.pause_until(self._clock.now() + timedelta(seconds=seconds))

    def _look(self) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if now < self._look_at:
                return
            self._look_at = now + LOOK_SECONDS
        # A store that cannot be read does not stop the calls: Dynamics itself will say 429 again.
        with suppress(Transient):
            until = self._state.paused_until()
            if until is not None:
                self._extend(min((until - self._clock.now()).total_seconds(), LONGEST_SECONDS))

    def _extend(self, seconds: float) -> None:
        with self._lock:
            self._until = max(self._until, self._clock.monotonic() + seconds)
