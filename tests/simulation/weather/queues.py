"""Messages that come twice, late, or in another order than they were sent."""

from tests.simulation.weather.sky import Sky, episode


@episode("visibility expires")
def _visibility_expires(sky: Sky) -> None:
    """A message is handed out again while its first delivery is still in work."""

    def odds(value: float) -> None:
        for host in sky.truth.hosts.values():
            host.expiring = value

    sky.for_a_while("visibility expires", lambda: odds(0.2), lambda: odds(0.0))


@episode("messages twice")
def _twice(sky: Sky) -> None:
    """The sender has never got its answer, and has sent it again."""

    def odds(value: float) -> None:
        for host in sky.truth.hosts.values():
            host.repeated = value

    sky.for_a_while("messages twice", lambda: odds(0.2), lambda: odds(0.0))


@episode("messages in disorder")
def _disorder(sky: Sky) -> None:
    """No queue promises an order: each message is visible some seconds later than it could be."""
    most = sky.random.choice((2.0, 10.0, 20.0))
    for host in sky.truth.hosts.values():
        for queue in host.queues:
            sky.on_list(f"{queue.kind} of {host.name} in disorder", queue.delays, lambda: most * sky.random.random())
