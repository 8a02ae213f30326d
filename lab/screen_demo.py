"""`make screen-demo`: agents at virtual displays take calls, a node is killed in the middle, and no screen may be lost.

First with the load balancer in front of both nodes (option 1), then with both nodes registered (option 2), then a call
of which Dynamics says nothing. Afterwards both archives are compared with the truth (`lab.screen_check`).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from lab.pair import NODES
from lab.processes import NotStartedError
from lab.run import interruptible, stopping
from lab.screen_check import ScreenFindings, check_screens, fetch, screens_in
from lab.screen_figures import TARGETS, figures, table
from lab.screen_floor import Floor
from lab.screen_plan import Plan, plan, short_plan
from lab.screen_rounds import Repair, Round, Rounds, start_latencies
from lab.stored import read_archive
from lab.video import frame_of
from lab.waiting import TimeoutExpiredError

OPTIONS = {"option1": "one address, the load balancer in front", "option2": "both nodes registered"}
_FRAME_AT_SECONDS = 5.0


def main() -> int:
    """Run the demo and return 0 only when nothing is missing and nothing is wrong."""
    arguments = _arguments()
    console = Console()
    interruptible()
    played = short_plan() if arguments.short else plan(arguments.groups)
    desks = 2 if arguments.short else 4 * arguments.groups

    def tell(text: str) -> None:
        console.print(f"  {text}", highlight=False)

    try:
        floor = Floor("screens", desks, tell=tell)
        with stopping(floor, console):
            console.print(f"starting, logs are in {floor.pair.folder}", style="bold")
            floor.start()
            report, findings = demonstrate(floor, played, tell, repaired=not arguments.short)
            if arguments.frame is not None:
                _save_frame(floor, findings, arguments.frame)
    except (NotStartedError, TimeoutExpiredError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(table(report))
    for problem in report["problems"]:
        tell(problem)
    for name, met in report["within_targets"].items():
        tell(f"{name}: {'as wanted' if met else 'NOT as wanted'}")
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print("nothing is missing and nothing is wrong" if findings.good else "NOT as it should be", style="bold")
    return 0 if findings.good else 1


def demonstrate(
    floor: Floor, played: Plan, tell: Callable[[str], None], *, repaired: bool
) -> tuple[dict[str, Any], ScreenFindings]:
    """Play the plan in both ways of redundancy, then (if wanted) the repair, and check everything."""
    rounds = Rounds(floor, tell)
    done: dict[str, Round] = {}
    for name, what in OPTIONS.items():
        floor.register(two_endpoints=name == "option2")
        tell(f"{name}: {what}, {len(played.calls)} calls")
        done[name] = rounds.play(played)
    repair: Repair | None = None
    if repaired:
        tell("a call rings and ends, and Dynamics tells nothing of either")
        repair = rounds.repair()
        tell(f"started {repair.start_seconds} s after the ringing, stopped {repair.stop_seconds} s after the end")
    truth = rounds.truth()
    published = floor.pair.organisation.published(hashes=False)
    findings = check_screens(
        truth,
        rounds.stores,
        audio={one["recording_id"]: one["conversation_id"] for one in published},
        withheld={repair.conversation: TARGETS["repair_seconds"]} if repair else {},
    )
    return figures(truth, findings, start_latencies(floor), done, repair), findings


def _save_frame(floor: Floor, findings: ScreenFindings, picture: Path) -> None:
    longest = max(findings.videos, key=lambda name: findings.videos[name].seconds, default=None)
    for name in NODES:
        store = floor.pair.storage[name].connection_string
        for parts in screens_in(read_archive(name, store).recordings).values():
            for part in parts:
                if part.recording_id == longest:
                    with tempfile.TemporaryDirectory() as folder:
                        frame_of(fetch(part, store, Path(folder)), _FRAME_AT_SECONDS, picture)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make screen-demo", description="Record agents' screens, kill a node.")
    parser.add_argument("--groups", type=int, default=1, help="groups of four desks (default: %(default)s)")
    parser.add_argument("--short", action="store_true", help="two desks, four calls a round, no withheld webhooks")
    parser.add_argument("--report", type=Path, help="write the numbers into this JSON file")
    parser.add_argument("--frame", type=Path, help="write a frame of the longest video into this picture")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
