"""Crashes, stops and pauses of the nodes' processes."""

from tests.simulation.dynamics import SourceView
from tests.simulation.network import Line
from tests.simulation.weather.sky import NODES, Sky, episode

_WRITES = (
    *("archive.commit", "archive.put_sidecar", "interactions.add", "ledger.merge", "outbox.put", "jobs.remove"),
    *("jobs.put", "state.put_cursor", "state.raise_watermark", "lease.write_reign", "state.revoke"),
)


@episode("crash")
def _crash(sky: Sky) -> None:
    # Mostly the one that has most to lose.
    sky.crash(sky.leader() if sky.random.random() < 0.7 else sky.truth.hosts[sky.random.choice(NODES)])


@episode("crash both")
def _crash_both(sky: Sky) -> None:
    away = sky.random.choice((20.0, 60.0, 300.0))
    for host in sky.truth.hosts.values():
        sky.crash(host, away * sky.random.uniform(0.8, 1.2))


@episode("both down for hours")
def _down_for_hours(sky: Sky) -> None:
    hours = sky.random.uniform(1.0, 3.0)
    for host in sky.truth.hosts.values():
        sky.keep_down(host, hours * 3600 + sky.random.uniform(0, 60))


@episode("stop")
def _stop(sky: Sky) -> None:
    host = sky.truth.hosts[sky.random.choice(NODES)]
    if host.up and not host.draining:
        host.stop()
        sky.restart(host, sky.random.uniform(15, 45))


@episode("pause")
def _pause(sky: Sky) -> None:
    truth, name = sky.truth, sky.random.choice(NODES)
    seconds = sky.random.choice((2.0, 5.0, 12.0, 20.0, 90.0)) * sky.random.uniform(0.5, 1.0)
    if truth.hosts[name].up and not truth.kernel.paused(name):
        truth.story.note(name, "fault", "paused", f"for {seconds:.1f} s")
        truth.kernel.pause(name, truth.kernel.now + seconds)
        truth.paused_at[name] = truth.calm_since = truth.kernel.now + seconds
        truth.hosts[name].let_go()


@episode("crash points")
def _crash_points(sky: Sky) -> None:
    odds = sky.random.choice((0.0003, 0.001, 0.004, 0.01))
    for name in NODES:
        touched: list[Line | SourceView] = [sky.sources[name], *sky.lines(name)]

        def odd(value: float, touched: list[Line | SourceView] = touched) -> None:
            for each in touched:
                each.crash_odds = value

        sky.for_a_while(f"crash points of {name}", lambda o=odd: o(odds), lambda o=odd: o(0.0))  # type: ignore[misc]


@episode("killed after a write")
def _killed_after_a_write(sky: Sky) -> None:
    name, call = sky.random.choice(NODES), sky.random.choice(_WRITES)
    sky.say(f"{name} will be killed after its next {call}")
    for line in sky.lines(name, name):
        line.crash_after = call
