"""What all episodes have in common: chance, the world, and faults that begin and end."""

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

from tests.simulation.dynamics import SourceView
from tests.simulation.host import Host
from tests.simulation.network import Line
from tests.simulation.truth import Truth

NODES = ("main", "peer")
ACCOUNTS = ("main", "peer", "witness")

type Episode = Callable[["Sky"], None]

EPISODES: dict[str, Episode] = {}


def episode(name: str) -> Callable[[Episode], Episode]:
    """Register what happens in the episode of that name."""

    def register(function: Episode) -> Episode:
        EPISODES[name] = function
        return function

    return register


class Sky:
    """Plays episodes. `faults` counts what happened; when it is `over`, nothing new begins."""

    def __init__(self, random: Random, truth: Truth, sources: dict[str, SourceView]) -> None:
        self.faults: Counter[str] = Counter()
        self.random = random
        self.truth = truth
        self.sources = sources
        self.over = False
        self.weak_store = random.choice(ACCOUNTS)

    def lines(self, node: str | None = None, account: str | None = None) -> list[Line]:
        """Find links by their ends."""
        lines = self.truth.lines.values()
        return [line for line in lines if node in (None, line.node) and account in (None, line.account)]

    def across(self) -> list[Line]:
        """Find the links that go from one region into another."""
        return [line for line in self.lines() if line.node != line.account]

    def say(self, text: str) -> None:
        """Put a fault into the story."""
        self.truth.story.note("", "fault", text)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Go on with an episode after a while, unless everything is mended by then."""
        self.truth.kernel.at(self.truth.kernel.now + seconds, lambda: None if self.over else call())

    def crash(self, host: Host, away: float | None = None) -> None:
        """Kill a node, and start it again after a while."""
        if not host.up:
            return
        away = self.random.choice((1.0, 8.0, 30.0, 200.0)) if away is None else away
        host.crash()
        self.restart(host, away * (0.5 + self.random.random()))

    def restart(self, host: Host, away: float) -> None:
        """Start a node after so many seconds."""
        self.truth.kernel.at(self.truth.kernel.now + away, host.start)

    def keep_down(self, host: Host, seconds: float) -> None:
        """Kill a node, and let nobody start it for so long."""
        host.crash()
        host.held += 1

        def release() -> None:
            host.held -= 1
            host.start()

        self.say(f"{host.name} is away for {seconds:.0f} s")
        self.truth.kernel.at(self.truth.kernel.now + seconds, release)

    def leader(self) -> Host:
        """Choose the node that has most to lose."""
        return self.truth.hosts[self.truth.active() or self.random.choice(NODES)]

    def cut(self, lines: Iterable[Line], seconds: float | None = None) -> None:
        """Let nothing through on these links for a while."""
        lines = list(lines)
        timeout = self.random.choice((0.05, 3.0, 10.0))

        def cut() -> None:
            for line in lines:
                line.cuts += 1
                line.timeout = timeout
                if line.node == line.account:
                    self.truth.hosts[line.node].let_go()

        def mended() -> None:
            for line in lines:
                line.cuts -= 1
            self.healed(*lines)

        name = "cut " + " ".join(f"{line.node}-{line.account}" for line in lines)
        self.faults[name] += 1
        self.for_a_while(name, cut, mended, seconds)

    def power_off(self, account: str, seconds: float | None = None) -> None:
        """Let an account answer nobody for a while."""
        power = self.lines(account=account)[0].power
        power.timeout = self.random.choice((0.05, 1.0, 5.0, 10.0))

        def down() -> None:
            power.outages += 1
            if account in self.truth.hosts:
                self.truth.hosts[account].let_go()

        def restored() -> None:
            power.outages -= 1
            self.healed(*self.lines(account=account))

        self.for_a_while(f"{account} down", down, restored, seconds)

    def on_list[T](self, name: str, faults: list[T], fault: T, line: Line | None = None) -> None:
        """Let a fault be on a list for a while: those of several episodes add up."""

        def end() -> None:
            faults.remove(fault)
            if line is not None:
                self.healed(line)

        self.for_a_while(name, lambda: faults.append(fault), end)

    def for_a_while(
        self, name: str, begin: Callable[[], None], end: Callable[[], None], seconds: float | None = None
    ) -> None:
        """Begin a fault now, and end it after a while."""
        if seconds is None:
            seconds = self.random.choice((3.0, 15.0, 45.0, 150.0)) * self.random.uniform(0.5, 1.5)
        self.say(f"{name} for {seconds:.0f} s")
        begin()
        self._changed()

        def over() -> None:
            self.say(f"{name}: over")
            end()
            self._changed()

        self.truth.kernel.at(self.truth.kernel.now + seconds, over)

    def healed(self, *lines: Line) -> None:
        """Note that a fault of these links has just ended."""
        for line in lines:
            line.healed_at = self.truth.kernel.now

    def _changed(self) -> None:
        self.truth.calm_since = self.truth.kernel.now
        for line in self.truth.lines.values():
            line.changed()
