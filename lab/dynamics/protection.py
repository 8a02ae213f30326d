"""Service protection limits, per client id: requests in a sliding window, and requests at the same time.

Microsoft Learn, "Service protection API limits": the more a client pushes after a 429, the longer it has to wait.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from lab.dynamics.refusals import TOO_MANY_AT_ONCE, TOO_MANY_REQUESTS, Refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may do."""

    requests: int = 6000
    window_seconds: float = 300
    concurrent: int = 52


@dataclass(slots=True)
class _Client:
    times: deque[float] = field(default_factory=deque)
    running: int = 0
    pushes: int = 0


class ServiceProtection:
    """Counts what every client does; the clock is any monotonic number of seconds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._clients: dict[str, _Client] = {}

    def enter(self, client_id: str, now: float) -> None:
        """Let a request in, or raise the 429; whoever got in has to `leave`."""
        client = self._clients.setdefault(client_id, _Client())
        limits, times = self.limits, client.times
        while times and times[0] <= now - limits.window_seconds:
            times.popleft()
        if len(times) >= limits.requests:
            wait = math.ceil(times[0] + limits.window_seconds - now) + client.pushes
            client.pushes += 1
            raise throttled(
                min(wait, math.ceil(limits.window_seconds)),
                f"Number of requests exceeded the limit of {limits.requests} over time window of "
                f"{limits.window_seconds:.0f} seconds.",
            )
        if client.running >= limits.concurrent:
            message = f"Number of concurrent requests exceeded the limit of {limits.concurrent}."
            raise throttled(1, message, TOO_MANY_AT_ONCE)
        client.pushes = 0
        client.running += 1
        times.append(now)

    def leave(self, client_id: str) -> None:
        """Note that a request has been answered."""
        self._clients[client_id].running -= 1

    def remaining(self, client_id: str) -> int:
        """Return how many requests the client has left in the window."""
        return self.limits.requests - len(self._clients[client_id].times)


def throttled(retry_after: int, message: str, code: str = TOO_MANY_REQUESTS) -> Refusal:
    """Return a 429."""
    return Refusal(429, code, message, {"Retry-After": str(retry_after)})
