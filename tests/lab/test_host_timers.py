"""Timer functions through running hosts."""

import signal
from itertools import pairwise

from azure.storage.blob import BlobServiceClient
from host_app.processes import HostStarter, wait_until

pytest_plugins = ["host_app.fixtures"]


def test_timers_fire_each_second_side_by_side_and_never_twice_at_once(start_host: HostStarter) -> None:
    host = start_host(TICK_SCHEDULE="* * * * * *")
    wait_until("tick ran again", lambda: len(host.events("tick started")) >= 2 and len(host.events("pulse")) >= 3)
    pulses = [event["at"] for event in host.events("pulse")]
    # On the second, although `tick` takes longer than one.
    assert len(pulses) >= 3
    assert all(0.7 < later - earlier < 1.3 for earlier, later in pairwise(pulses))
    assert all(at % 1 < 0.3 for at in pulses)
    started = [event["at"] for event in host.events("tick started")]
    ended = [event["at"] for event in host.events("tick ended")]
    assert all(start >= end for start, end in zip(started[1:], ended, strict=False))
    assert [event["past_due"] for event in host.events("boot")] == [False]


def test_one_of_two_hosts_fires_and_the_other_takes_over(start_host: HostStarter) -> None:
    first = start_host()
    wait_until("the first fires", lambda: first.events("pulse"))
    second = start_host()
    wait_until("the second sees the lock", lambda: "is held by another process" in second.log())
    before = len(first.events("pulse"))
    wait_until("the first fires again", lambda: len(first.events("pulse")) > before)
    assert second.events("pulse") == []
    first.end()
    wait_until("the second fires", lambda: second.events("pulse"))
    assert second.events("pulse")[0]["at"] > first.events("pulse")[-1]["at"]


def test_a_timer_whose_time_passed_while_no_host_ran_is_past_due(start_host: HostStarter) -> None:
    """A monitored schedule: the status that the first host left behind is made old, then a second one starts."""
    first = start_host()
    wait_until("boot ran", lambda: first.events("boot"))
    first.signal(signal.SIGTERM)
    first.end()
    label = first.environ["AzureFunctionsWebHost__hostid"]
    with BlobServiceClient.from_connection_string(first.environ["AzureWebJobsStorage"]) as service:
        status = service.get_blob_client("azure-webjobs-hosts", f"timers/{label}/boot/status")
        old = '{"Last": "2020-01-01T03:00:00+00:00", "Next": "2021-01-01T03:00:00+00:00", "LastUpdated": ""}'
        status.upload_blob(old, overwrite=True)
    second = start_host()
    wait_until("boot ran again", lambda: second.events("boot"))
    assert second.events("boot")[0]["past_due"] is True
