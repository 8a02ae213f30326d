"""Waiting for something to happen."""

import time
from collections.abc import Callable


class TimeoutExpiredError(Exception):
    """What was waited for did not happen in time."""


def wait_until(what: str, happened: Callable[[], bool], seconds: float, *, every: float = 0.2) -> float:
    """Wait until something has happened and return how long it took; TimeoutExpiredError says what did not."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > seconds:
            raise TimeoutExpiredError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(every)
    return time.monotonic() - began
