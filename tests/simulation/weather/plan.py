"""The classes of histories, and which episodes each of them has."""

from collections import Counter
from random import Random

from tests.simulation.dynamics import SourceView
from tests.simulation.host import Host
from tests.simulation.truth import Truth
from tests.simulation.weather import links, people, processes, queues, source
from tests.simulation.weather.sky import EPISODES, Sky

_EPISODES: dict[str, tuple[str, ...]] = {
    "calm": (),
    "crash": (
        *("crash", "crash", "stop", "crash both", "crash points", "crash points"),
        *("killed after a write", "killed after a write", "killed after a write", "both down for hours"),
    ),
    "pause": ("pause",),
    "store": ("account down",),
    "network": ("cut", "regions apart", "slow link", "lossy link", "sluggish"),
    "source": ("throttled", "Dynamics fails", "secret rejected", "cut bodies", "slow Dynamics", "slow Dynamics"),
    "queue": ("visibility expires", "messages twice", "messages in disorder"),
    "person": (
        *("a word", "a word", "two words", "a word beyond the cut", "two regions lost"),
        *("cut off, alone", "cut off, alone", "crash"),
    ),
    "apart": ("apart, crash, mended",),
    "drift": ("sluggish", "slow link"),
}
_EPISODES["mixed"] = (*(name for names in _EPISODES.values() for name in names), "apart, then crash")

KINDS = tuple(_EPISODES)
"""Restricted classes of histories, for some of which stricter claims hold, and the one that has everything."""

_SUBJECTS = (links, people, processes, queues, source)
if missing := {name for names in _EPISODES.values() for name in names} ^ EPISODES.keys():
    raise RuntimeError(f"episodes that nobody knows, or that no class has: {sorted(missing)}")


class Weather:
    """Draws the episodes of one history, and sees that they end."""

    def __init__(self, random: Random, truth: Truth, sources: dict[str, SourceView]) -> None:
        self._sky = Sky(random, truth, sources)

    @property
    def faults(self) -> Counter[str]:
        """How often what has happened."""
        return self._sky.faults

    def crash(self, host: Host) -> None:
        """Kill a node, and start it again after a while."""
        self._sky.crash(host)

    def plan(self, seconds: float) -> None:
        """Spread episodes over the first `seconds`; then nothing new begins."""
        sky, names = self._sky, _EPISODES[self._sky.truth.kind]
        if sky.truth.kind == "apart":
            self._one_after_the_other(names[0], seconds)
        elif names:
            for _ in range(sky.random.randrange(1, 3 + int(seconds / 90))):
                self._begin_at(sky.random.choice(names), sky.random.uniform(0, seconds * 0.95))
        sky.truth.kernel.at(seconds, self._calm)

    def _one_after_the_other(self, name: str, seconds: float) -> None:
        when = self._sky.random.uniform(70, 150)
        while when < seconds - 200:
            self._begin_at(name, when)
            when += self._sky.random.uniform(300, 400)

    def _begin_at(self, name: str, when: float) -> None:
        def begin() -> None:
            self._sky.faults[name] += 1
            EPISODES[name](self._sky)

        self._sky.truth.kernel.at(when, begin)

    def _calm(self) -> None:
        self._sky.over = True
        self._sky.say("nothing new begins")
        for line in self._sky.lines():
            line.crash_after = ""
        for host in self._sky.truth.hosts.values():
            host.start()
