"""`make bench-webhooks`: the receiver of the webhooks, just started, calm, then with a node killed and back under load.

The load is sent by a process of its own (`lab.webhook_load`) through the load balancer. Afterwards every event that was
acknowledged must have left its time in the nodes' `sessions` tables, which are read with Azure's own library.
"""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from azure.storage.queue import QueueClient
from rich.console import Console

from lab.balancer import Balancer
from lab.desk import desk_key
from lab.pair import NODES, Pair
from lab.processes import Child, NotStartedError
from lab.run import interruptible, stopping
from lab.screen_floor import RECEIVER, screen_settings
from lab.stored import read_sessions
from lab.waiting import TimeoutExpiredError, wait_until
from lab.webhook_figures import Applied, acknowledged, applied, figures, good, read_results, table
from lab.webhook_load import Sent

_SEATED = 4
_SCHEDULES = {"SWEEP_SCHEDULE": "*/15 * * * * *", "RECOVERY_SCHEDULE": "5 * * * * *"}
"""As the product has them: the lab's denser ones would measure the lab."""
_COLD_SECONDS = 10.0
"""For which nodes that have just started have figures of their own: connections are made, agents are read."""
_MOST_SECONDS_TO_APPLY = 660.0
"""What a killed host had just taken from its queue stays hidden for ten minutes, as in Azure."""
_KILLED_AFTER, _BACK_AFTER = 0.25, 0.55
"""Shares of the loaded part."""


@dataclass(frozen=True, slots=True)
class Part:
    """So many events a second for so long."""

    name: str
    rate: float
    seconds: float
    kill: bool = False


class Bench:
    """A pair, the balancer in front of it, and a few agents who are signed in somewhere."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._secret = secrets.token_urlsafe(24)
        self._tell = tell
        self.pair = Pair("webhooks", settings={**screen_settings(self._secret), **_SCHEDULES}, tell=tell)
        self._balancer: Balancer | None = None
        self._agents: list[str] = []

    def start(self) -> None:
        """Start everything and sign a few agents in."""
        self.pair.start()
        ports = {name: node.port for name, node in self.pair.nodes.items()}
        self._balancer = Balancer(ports, self.pair.folder).wait()
        self.pair.wait_for_active(60)
        agents = self.pair.organisation.agents()
        self._agents = [agent["systemuserid"] for agent in agents]
        for number, agent in enumerate(agents[:_SEATED], start=1):
            self._sign_in(f"pc-{number:04}", agent["domainname"])

    def run(self, part: Part) -> list[Sent]:
        """Send one part from a process of its own; return what became of every event."""
        results = self.pair.folder / f"{part.name}.jsonl"
        self._tell(f"{part.name}: {part.rate:.0f} events a second for {part.seconds:.0f} s")
        sender = Child("sender", self._command(part, results), self.pair.folder / f"{part.name}.log")
        sender.wait_for_line("sending", 30)
        if part.kill:
            time.sleep(part.seconds * _KILLED_AFTER)
            victim = self.pair.nodes[(self.pair.active() or [NODES[0]])[0]]
            victim.kill()
            self._tell(f"ACTIVE node {victim.name} is killed")
            time.sleep(part.seconds * (_BACK_AFTER - _KILLED_AFTER))
            victim.start()
            self._tell(f"node {victim.name} is started again")
        sender.wait_for_line("done", part.seconds + 180)
        sender.stop()
        return read_results(results)

    def finish(self, sent: list[Sent]) -> tuple[Applied, float | None]:
        """Wait until every acknowledged event is applied at both nodes; how long that took, None: it was too long."""
        seconds: float | None = None
        wanted = len(acknowledged(sent))
        try:
            seconds = wait_until(
                "every acknowledged event is applied at both nodes",
                lambda: self._applied(sent).everywhere == wanted,
                _MOST_SECONDS_TO_APPLY,
                every=5,
            )
        except TimeoutExpiredError as error:
            self._tell(str(error))
            self._tell(f"still in the queues: {self._waiting()}")
        return self._applied(sent), None if seconds is None else round(seconds, 1)

    def stop(self) -> None:
        """End everything."""
        if self._balancer is not None:
            self._balancer.stop()
        self.pair.stop()

    def _waiting(self) -> str:
        lengths = []
        for name in NODES:
            with QueueClient.from_connection_string(self.pair.storage[name].connection_string, "screen") as queue:
                lengths.append(f"{name} {queue.get_queue_properties().approximate_message_count}")
        return ", ".join(lengths)

    def _applied(self, sent: list[Sent]) -> Applied:
        return applied(sent, [read_sessions(self.pair.storage[name].connection_string) for name in NODES])

    def _command(self, part: Part, results: Path) -> list[str | Path]:
        if self._balancer is None:
            raise RuntimeError("the bench has not been started")
        url = f"{self._balancer.url}{RECEIVER}?code={self.pair.key}"
        command: list[str | Path] = [sys.executable, "-m", "lab.webhook_load", "--url", url, "--results", results]
        command += ["--rate", str(part.rate), "--seconds", str(part.seconds)]
        for agent in self._agents[_SEATED:]:
            command += ["--agent", agent]
        for agent in self._agents[:_SEATED]:
            command += ["--seated", agent]
        return command

    def _sign_in(self, workstation: str, user: str) -> None:
        headers = {"x-workstation": workstation, "authorization": f"Bearer {desk_key(self._secret, workstation)}"}
        body = {"user": user, "signed_in_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        for name in NODES:
            url = f"{self.pair.nodes[name].url}/desktop/sign-in"
            requests.post(url, json=body, headers=headers, timeout=30).raise_for_status()


def measure(bench: Bench, cold: Part, calm: Part, loaded: Part) -> dict[str, Any]:
    """Run the parts and put the numbers together."""
    first, second, third = (bench.run(part) for part in (cold, calm, loaded))
    done, seconds = bench.finish([*first, *second, *third])
    return figures(first, second, third, done, seconds)


def main() -> int:
    """Run the bench and return 0 only when nothing acknowledged was lost and the acknowledgement was fast enough."""
    arguments = _arguments()
    console = Console()
    interruptible()

    def tell(text: str) -> None:
        console.print(f"  {text}", highlight=False)

    try:
        bench = Bench(tell)
        with stopping(bench, console):
            console.print(f"starting, logs are in {bench.pair.folder}", style="bold")
            bench.start()
            report = measure(
                bench,
                Part("cold", arguments.rate, _COLD_SECONDS),
                Part("calm", arguments.rate, arguments.seconds),
                Part("loaded", 2 * arguments.rate, 2 * arguments.seconds, kill=True),
            )
    except (NotStartedError, TimeoutExpiredError, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(table(report))
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print("no acknowledged event was lost" if good(report) else "NOT as it should be", style="bold")
    return 0 if good(report) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-webhooks", description="Measure the receiver of the webhooks.")
    parser.add_argument("--rate", type=float, default=50, help="events a second, calm; loaded twice as many")
    parser.add_argument("--seconds", type=float, default=30, help="length of the calm part; of the loaded one twice")
    parser.add_argument("--report", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
