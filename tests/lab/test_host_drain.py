"""How a host ends."""

import contextlib
import signal
import threading
import time

import requests
from host_app.processes import HostStarter, RunningHost, wait_until

pytest_plugins = ["host_app.fixtures"]


def test_an_idle_host_stops_at_once_and_runs_exit_handlers(start_host: HostStarter) -> None:
    host = start_host()
    wait_until("the timers run", lambda: host.events("pulse"))
    before = time.monotonic()
    host.signal(signal.SIGTERM)
    assert host.end() == 0
    assert time.monotonic() - before < 2
    assert len(host.events("exited")) == 1


def test_a_running_invocation_is_waited_for(start_host: HostStarter) -> None:
    host = start_host()
    answers: list[str] = []
    caller = threading.Thread(target=lambda: answers.append(host.call("GET", "/api/sleep/0.8").text))
    caller.start()
    wait_until("the function runs", lambda: host.events("sleep started"))
    host.signal(signal.SIGINT)
    assert host.end() == 0
    caller.join()
    assert answers == ["slept"]
    assert len(host.events("exited")) == 1


def test_an_invocation_that_hangs_is_left_behind_after_the_grace(start_host: HostStarter) -> None:
    """Exit handlers run all the same: the app releases its leases there."""
    host = start_host("--grace", "1")
    caller = threading.Thread(target=_call_in_vain, args=(host, "/api/sleep/30"), daemon=True)
    caller.start()
    wait_until("the function runs", lambda: host.events("sleep started"))
    before = time.monotonic()
    host.signal(signal.SIGTERM)
    assert host.end() == 1
    assert time.monotonic() - before < 4
    assert len(host.events("exited")) == 1
    assert "still running after the grace" in host.log()
    caller.join()


def _call_in_vain(host: RunningHost, path: str) -> None:
    with contextlib.suppress(requests.RequestException):
        host.call("GET", path)
