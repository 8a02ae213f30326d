"""Service protection: one client's excess is that client's own, and pushing makes the wait longer."""

import pytest

from lab.dynamics.protection import Limits, ServiceProtection
from lab.dynamics.refusals import Refusal


def refused(protection: ServiceProtection, client: str, now: float) -> Refusal:
    with pytest.raises(Refusal) as caught:
        protection.enter(client, now)
    return caught.value


def ask(protection: ServiceProtection, client: str, now: float) -> None:
    protection.enter(client, now)
    protection.leave(client)


def test_requests_beyond_the_window_are_refused_until_the_oldest_has_left_it() -> None:
    protection = ServiceProtection(Limits(requests=3, window_seconds=10))
    for now in (0.0, 1.0, 2.0):
        ask(protection, "main", now)
    refusal = refused(protection, "main", 4.0)
    assert (refusal.status, refusal.code) == (429, "0x80072322")
    assert refusal.message == "Number of requests exceeded the limit of 3 over time window of 10 seconds."
    assert refusal.headers["Retry-After"] == "6"
    ask(protection, "main", 10.0)


def test_pushing_makes_the_wait_longer() -> None:
    protection = ServiceProtection(Limits(requests=1, window_seconds=100))
    ask(protection, "main", 0.0)
    waits = [int(refused(protection, "main", 50.0).headers["Retry-After"]) for _ in range(3)]
    assert waits == [50, 51, 52]


def test_another_client_has_a_budget_of_its_own() -> None:
    protection = ServiceProtection(Limits(requests=1))
    ask(protection, "main", 0.0)
    refused(protection, "main", 1.0)
    ask(protection, "peer", 1.0)
    assert protection.remaining("peer") == 0


def test_too_many_at_once_are_refused_at_once() -> None:
    protection = ServiceProtection(Limits(concurrent=2))
    protection.enter("main", 0.0)
    protection.enter("main", 0.0)
    refusal = refused(protection, "main", 0.0)
    assert refusal.code == "0x80072326"
    assert refusal.message == "Number of concurrent requests exceeded the limit of 2."
    protection.leave("main")
    protection.enter("main", 0.0)
