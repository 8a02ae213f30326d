"""The world of one history: builds it, plays calls and faults, waits until all is calm, and judges."""

from dataclasses import replace
from random import Random

from capture.node import Node
from capture.settings import Settings
from tests.pair import SAMPLE
from tests.simulation.calls import Call, Exchange, schedule
from tests.simulation.clock import NodeClock, TrueClock
from tests.simulation.dynamics import Organisation, SourceView
from tests.simulation.ending import Ending
from tests.simulation.host import Host
from tests.simulation.invariants import Invariants
from tests.simulation.kernel import Kernel
from tests.simulation.liveness import Liveness
from tests.simulation.network import Line, Power
from tests.simulation.pool import Pool
from tests.simulation.story import Story
from tests.simulation.truth import Truth
from tests.simulation.weather import ACCOUNTS, NODES, Weather
from tests.stores.account import MemoryAccount

_LOOKBACK_MINUTES = 5
_SETTINGS = {
    "REASSIGN_AFTER_SECONDS": "60",
    "LOOKBACK_EVERY_SECONDS": "60",
    "FIRST_LOOKBACK_HOURS": "24",
    "GIVE_UP_HOURS": "1",
}
_GIVE_UP_HOURS = 0.25
_LONGEST = 6 * 3600.0
_AFTER_A_VIOLATION = 600.0


class World:
    """Everything there is in one history."""

    def __init__(self, seed: int, kind: str, recordings: int, *, whole: bool) -> None:
        # One stream of chance for each concern, so that a change in one place does not shift all the others.
        chance = {name: Random(f"{seed} {name}") for name in ("world", "calls", "weather", "network", "host", "nodes")}
        draw = chance["world"]
        self.kernel = Kernel()
        self.story = Story(self.kernel, None if whole else 30_000)
        self._clock = TrueClock(self.kernel)
        self._recordings = recordings
        # What the old reign knew alone is told from what the new one holds back only behind the look-back.
        lookback = 1 if kind == "apart" else _LOOKBACK_MINUTES
        self._exchange = Exchange(chance["calls"], seed, lookback * 60)
        self._seconds = draw.choice((600.0, 1200.0, 1800.0))
        crooked = kind not in ("calm", "crash")
        # Slow enough that a node believes in a lease for longer than it lasts: the margin is there for that.
        slowest = 0.92 if kind == "drift" else 0.99
        clocks = {
            name: NodeClock(
                self.kernel,
                draw.uniform(-5, 5) if crooked else 0.0,
                draw.uniform(slowest, 1.01) if crooked else 1.0,
            )
            for name in NODES
        }
        powers = {name: Power() for name in ACCOUNTS}
        accounts = {name: MemoryAccount(self._clock, powers[name]) for name in ACCOUNTS}
        lines = {
            (node, account): Line(self.kernel, chance["network"], node, account, powers[account])
            for node in NODES
            for account in ACCOUNTS
        }
        self.truth = Truth(self.kernel, self.story, kind, accounts, lines, clocks)
        self.invariants = Invariants(self.truth)
        self.organisation = Organisation(draw.choice((20, 50, 100, 500)))
        self.sources = {
            name: SourceView(self.kernel, chance["network"], name, clocks[name], self.organisation, self.story)
            for name in NODES
        }
        self.weather = Weather(chance["weather"], self.truth, self.sources)
        self._stores = {key: accounts[key[1]].open(key[0], line) for key, line in lines.items()}
        preferred, return_after = draw.choice(("none", "main")), draw.choice((30, 60))
        self._settings = {
            **_SETTINGS,
            "LOOKBACK_MINUTES": str(lookback),
            "MAX_OUTSTANDING": draw.choice(("40", "200", "1000")),
            "PREFERRED_NODE": preferred,
            "RETURN_AFTER_SECONDS": str(return_after),
        }
        self._nodes_random = chance["nodes"]
        for name in NODES:
            self.truth.hosts[name] = self._host(name, chance["host"])
        self.ending = Ending(self.truth, None if preferred == "none" else preferred, return_after)
        self.liveness = Liveness(self.truth, self.sources)

    def play(self) -> None:
        """Let everything happen."""
        kernel, truth = self.kernel, self.truth
        plan = self._exchange.plan(self._recordings, self._seconds)
        schedule(kernel.at, plan, truth.created, self._visible, self._filed)
        for conversation, when in plan.finishes.items():
            kernel.at(when, lambda c=conversation: self.organisation.finished.add(c))  # type: ignore[misc]
        self.weather.plan(self._seconds)
        for host in truth.hosts.values():
            host.start()
        self.liveness.start()
        kernel.run(self._seconds)
        self._wait(60.0)
        self._reopen()
        self._publish_punctual()
        self._wait(25.0)
        for name, text, about in self.ending.problems():
            truth.violated(f"end: {name}", text, *about)
        for host in truth.hosts.values():
            host.crash()

    def _wait(self, at_least: float) -> None:
        kernel, limit = self.kernel, self.kernel.now + _LONGEST
        kernel.run(kernel.now + at_least)
        soon = kernel.now + _AFTER_A_VIOLATION
        while kernel.now < limit and not self.ending.settled():
            kernel.run(kernel.now + 5.0)
            if self.truth.violations and kernel.now > soon:
                break

    def _publish_punctual(self) -> None:
        """Some more calls in calm weather, several in each second for more than a tick: before and after a poll."""
        for number in range(20):
            call = self._exchange.punctual(self.kernel.now + 3.0 + 0.3 * number)
            self.kernel.at(call.created_at, lambda c=call: self._publish(c))  # type: ignore[misc]
            self.liveness.expect(call)

    def _reopen(self) -> None:
        """For some parked recordings a file has come after all, and a person asks for them again on either node."""
        truth, draw = self.truth, self._nodes_random
        for recording, call in truth.calls.items():
            if call.file_at is None and recording in truth.parked and draw.random() < 0.5:
                truth.calls[recording] = replace(call, file_at=self.kernel.now)
                self._filed(call)
                truth.hosts[draw.choice(NODES)].ask("reopen", lambda node, r=recording: node.parked.run(r))  # type: ignore[misc]

    def _publish(self, call: Call) -> None:
        self.truth.created(call)
        self._filed(call)
        self._visible(call)

    def _visible(self, call: Call) -> None:
        self.organisation.commit(call.recording)

    def _filed(self, call: Call) -> None:
        self.organisation.bring_file(call.recording.id, call.content)

    def _host(self, name: str, random: Random) -> Host:
        other = NODES[1 - NODES.index(name)]
        own, peer, witness = (self._stores[name, account] for account in (name, other, "witness"))
        line = self.truth.lines[name, name]

        def build() -> Node:
            environ = {**SAMPLE, **self._settings, "NODE_NAME": name, "PEER_NAME": other}
            settings = Settings.from_env(environ).model_copy(update={"give_up_hours": _GIVE_UP_HOURS})
            return Node(
                settings,
                own,  # type: ignore[arg-type]
                peer,
                witness.lease,
                self.sources[name],
                self.truth.clocks[name],
                Pool(self.kernel, name),
                jitter=self._nodes_random.random,
            )

        host = Host(self.kernel, random, name, line, (own.ingest, own.watermarks), self._clock, build, self.story)
        host.delivered, host.failed = self.invariants.delivered, self.invariants.failed
        for each in (line for line in self.truth.lines.values() if line.node == name):
            each.witness = self.invariants
            each.crash = lambda: self.weather.crash(host)
        self.sources[name].crash = lambda: self.weather.crash(host)
        return host
