"""What Dynamics does to one of the nodes."""

from tests.simulation.dynamics import SourceView
from tests.simulation.weather.sky import NODES, Sky, episode


@episode("slow Dynamics")
def _slow(sky: Sky) -> None:
    view = _view(sky)
    sky.on_list(f"slow Dynamics for {view.node}", view.slow, sky.random.choice((1.0, 12.0)))


@episode("cut bodies")
def _cut_bodies(sky: Sky) -> None:
    view = _view(sky)
    sky.on_list(f"cut bodies for {view.node}", view.cut_odds, 0.3)


@episode("throttled")
def _throttled(sky: Sky) -> None:
    _count(sky, "throttled")


@episode("Dynamics fails")
def _fails(sky: Sky) -> None:
    _count(sky, "failing")


@episode("secret rejected")
def _rejected(sky: Sky) -> None:
    _count(sky, "rejected")


def _view(sky: Sky) -> SourceView:
    return sky.sources[sky.random.choice(NODES)]


def _count(sky: Sky, counter: str) -> None:
    view = _view(sky)

    def add(number: int) -> None:
        setattr(view, counter, getattr(view, counter) + number)

    sky.for_a_while(f"{counter} for {view.node}", lambda: add(1), lambda: add(-1))
