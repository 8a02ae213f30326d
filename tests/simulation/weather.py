"""Faults: which episodes a history has, when they begin, and that all of them end."""

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.simulation.dynamics import SourceView
from tests.simulation.host import Host
from tests.simulation.network import Line
from tests.simulation.truth import Truth

KINDS = ("calm", "crash", "pause", "store", "network", "source", "mixed")
"""Restricted classes of histories, for which stricter claims hold, and the one that has everything."""

_EPISODES: dict[str, tuple[str, ...]] = {
    "calm": (),
    "crash": ("crash", "crash", "stop", "crash both", "crash points", "crash points"),
    "pause": ("pause",),
    "store": ("account down",),
    "network": ("cut", "regions apart", "slow link", "lossy link", "sluggish"),
    "source": ("throttled", "Dynamics fails", "secret rejected", "cut bodies", "slow Dynamics", "slow Dynamics"),
}
_EPISODES["mixed"] = (*(name for names in _EPISODES.values() for name in names), "duplicates", "apart, then crash")

NODES = ("main", "peer")
ACCOUNTS = ("main", "peer", "witness")


class Weather:
    """Draws the episodes of one history and plays them. `faults` counts what happened."""

    def __init__(self, random: Random, truth: Truth, sources: dict[str, SourceView]) -> None:
        self.faults: Counter[str] = Counter()
        self._random = random
        self._truth = truth
        self._sources = sources
        self._over = False
        self._store = random.choice(ACCOUNTS)

    def plan(self, seconds: float) -> None:
        """Spread episodes over the first `seconds`; then everything is mended."""
        kinds = _EPISODES[self._truth.kind]
        if kinds:
            for _ in range(self._random.randrange(1, 3 + int(seconds / 90))):
                self._begin_at(self._random.choice(kinds), self._random.uniform(0, seconds * 0.95))
        self._truth.kernel.at(seconds, self._calm)

    def _begin_at(self, name: str, when: float) -> None:
        self._truth.kernel.at(when, lambda: self._begin(name))

    def _begin(self, name: str) -> None:
        if self._over:
            return
        self.faults[name] += 1
        begin = {
            "crash": self._crash,
            "crash both": self._crash_both,
            "stop": self._stop,
            "pause": self._pause,
            "account down": self._account_down,
            "cut": self._cut,
            "regions apart": self._regions_apart,
            "slow link": self._slow_link,
            "lossy link": self._lossy_link,
            "crash points": self._crash_points,
            "duplicates": self._duplicates,
            "sluggish": self._sluggish,
            "apart, then crash": self._apart_then_crash,
        }.get(name)
        if begin is not None:
            begin()
        else:
            self._source_fault(name)

    def _calm(self) -> None:
        self._over = True
        self._say("everything is mended")
        for host in self._truth.hosts.values():
            host.start()

    # processes

    def crash(self, host: Host, away: float | None = None) -> None:
        """Kill a node, and start it again after a while."""
        if not host.up:
            return
        host.crash()
        self._restart(host, away if away is not None else self._random.choice((1.0, 8.0, 30.0, 200.0)))

    def _restart(self, host: Host, away: float) -> None:
        kernel = self._truth.kernel
        kernel.at(kernel.now + away * (0.5 + self._random.random()), host.start)

    def _crash(self) -> None:
        # Mostly the one that has most to lose.
        active = self._truth.active()
        name = active if active is not None and self._random.random() < 0.7 else self._random.choice(NODES)
        self.crash(self._truth.hosts[name])

    def _crash_both(self) -> None:
        away = self._random.choice((20.0, 300.0, 7200.0))
        for host in self._truth.hosts.values():
            self.crash(host, away * self._random.uniform(0.8, 1.2))

    def _stop(self) -> None:
        host = self._truth.hosts[self._random.choice(NODES)]
        if host.up and not host.draining:
            host.stop()
            self._restart(host, 30.0)

    def _pause(self) -> None:
        truth, name = self._truth, self._random.choice(NODES)
        seconds = self._random.choice((2.0, 5.0, 12.0, 20.0, 90.0)) * self._random.uniform(0.5, 1.0)
        if truth.hosts[name].up and not truth.kernel.paused(name):
            truth.story.note(name, "fault", "paused", f"for {seconds:.1f} s")
            truth.kernel.pause(name, truth.kernel.now + seconds)
            truth.paused_at[name] = truth.kernel.now + seconds
            truth.hosts[name].let_go()

    def _crash_points(self) -> None:
        odds = self._random.choice((0.0003, 0.001, 0.004, 0.01))
        for name in NODES:
            touched: list[Line | SourceView] = [self._sources[name], *self._lines(name)]

            def odd(value: float, touched: list[Line | SourceView] = touched) -> None:
                for each in touched:
                    each.crash_odds = value

            self._for_a_while("crash points", lambda o=odd: o(odds), lambda o=odd: o(0.0))  # type: ignore[misc]

    def _duplicates(self) -> None:
        def odds(value: float) -> None:
            for host in self._truth.hosts.values():
                host.duplicates = value

        self._for_a_while("duplicates", lambda: odds(0.2), lambda: odds(0.0))

    # stores and links

    def _account_down(self) -> None:
        truth = self._truth
        account = self._store if truth.kind == "store" else self._random.choice(ACCOUNTS)
        power = self._lines(account=account)[0].power
        power.timeout = self._random.choice((0.05, 1.0, 5.0, 10.0))

        def down() -> None:
            power.outages += 1
            if account in truth.hosts:
                truth.hosts[account].let_go()

        def restored() -> None:
            power.outages -= 1
            self._healed(*self._lines(account=account))

        self._for_a_while(f"{account} down", down, restored)

    def _cut(self) -> None:
        self._cut_lines([self._random.choice(self._lines())])

    def _regions_apart(self) -> None:
        # Every pattern: any set of links that go from one region into another.
        across = [line for line in self._lines() if line.node != line.account]
        self._cut_lines([line for line in across if self._random.random() < 0.6] or across)

    def _cut_lines(self, lines: list[Line]) -> None:
        timeout = self._random.choice((0.05, 3.0, 10.0))

        def cut() -> None:
            for line in lines:
                line.cuts += 1
                line.timeout = timeout
                if line.node == line.account:
                    self._truth.hosts[line.node].let_go()

        def mended() -> None:
            for line in lines:
                line.cuts -= 1
            self._healed(*lines)

        self._for_a_while("cut " + " ".join(f"{line.node}-{line.account}" for line in lines), cut, mended)

    def _slow_link(self) -> None:
        line, seconds = self._random.choice(self._lines()), self._random.choice((0.5, 3.0, 12.0))
        self._on_list(f"slow {line.node}-{line.account}", line.slow, seconds, line)

    def _lossy_link(self) -> None:
        line = self._random.choice(self._lines())
        line.timeout = self._random.choice((0.05, 3.0))
        odds = self._random.choice(((0.2, 0.0), (0.0, 0.2), (0.1, 0.1), (0.5, 0.5)))
        self._on_list(f"lossy {line.node}-{line.account} {odds}", line.lossy, odds, line)

    def _sluggish(self) -> None:
        """Everything takes long for one node, so that its lease may run out under its hands."""
        name = self._truth.active() or self._random.choice(NODES)
        self._on_list(f"sluggish Dynamics for {name}", self._sources[name].slow, 12.0)
        for line in self._lines(name):
            self._on_list(f"sluggish {name}-{line.account}", line.slow, 1.5, line)

    def _apart_then_crash(self) -> None:
        """The nodes cannot reach each other's account; then the ACTIVE one is gone with what only it knows."""
        self._cut_lines([line for line in self._lines() if {line.node, line.account} == set(NODES)])
        now = self._truth.kernel.now
        self._truth.kernel.at(now + self._random.uniform(30, 120), lambda: None if self._over else self._crash())

    # Dynamics

    def _source_fault(self, name: str) -> None:
        view = self._sources[self._random.choice(NODES)]
        match name:
            case "slow Dynamics":
                self._on_list(f"{name} for {view.node}", view.slow, self._random.choice((1.0, 12.0)))
            case "cut bodies":
                self._on_list(f"{name} for {view.node}", view.cut_odds, 0.3)
            case _:
                counter = {"throttled": "throttled", "Dynamics fails": "failing", "secret rejected": "rejected"}[name]

                def add(number: int) -> None:
                    setattr(view, counter, getattr(view, counter) + number)

                self._for_a_while(f"{name} for {view.node}", lambda: add(1), lambda: add(-1))

    # what all have in common

    def _lines(self, node: str | None = None, account: str | None = None) -> list[Line]:
        lines = self._truth.lines.values()
        return [line for line in lines if node in (None, line.node) and account in (None, line.account)]

    def _healed(self, *lines: Line) -> None:
        for line in lines:
            line.healed_at = self._truth.kernel.now

    def _changed(self) -> None:
        for line in self._truth.lines.values():
            line.changed()

    def _on_list[T](self, name: str, faults: list[T], fault: T, line: Line | None = None) -> None:
        def end() -> None:
            faults.remove(fault)
            if line is not None:
                self._healed(line)

        self._for_a_while(name, lambda: faults.append(fault), end)

    def _for_a_while(self, name: str, begin: Callable[[], None], end: Callable[[], None]) -> None:
        seconds = self._random.choice((3.0, 15.0, 45.0, 150.0)) * self._random.uniform(0.5, 1.5)
        self._say(f"{name} for {seconds:.0f} s")
        begin()
        self._changed()

        def over() -> None:
            self._say(f"{name}: over")
            end()
            self._changed()

        self._truth.kernel.at(self._truth.kernel.now + seconds, over)

    def _say(self, text: str) -> None:
        self._truth.story.note("", "fault", text)
