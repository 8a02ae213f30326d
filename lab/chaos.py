"""`make chaos`: fault after fault while calls keep coming, and after each of them nothing may be lost or doubled."""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from lab.chaos_faults import plans
from lab.chaos_figures import Outcome, table, totals
from lab.chaos_trial import Trials
from lab.check import Findings
from lab.pair import Pair
from lab.processes import NotStartedError
from lab.run import interruptible, stopping
from lab.waiting import TimeoutExpiredError

STEADY = {"PREFERRED_NODE": "none"}
"""Settings of both nodes: a role that returns by itself some minutes later would look like an effect of a fault."""


def main() -> int:
    """Run all trials on one pair and return 0 only when every one of them was clean."""
    arguments = _arguments()
    console = Console()
    outcomes: list[Outcome] = []
    findings, broken_off = Findings(), ""
    interruptible()

    def tell(text: str) -> None:
        console.print(f"  {text}", highlight=False)

    try:
        pair = Pair("chaos", settings=STEADY, tell=tell)
        with stopping(pair, console):
            console.print(f"starting with --seed {arguments.seed}, logs are in {pair.folder}", style="bold")
            pair.start()
            trials = Trials(pair, tell)
            for plan in plans(arguments.trials, arguments.seed, arguments.only):
                outcomes.append(trials.run(plan))
                tell(f"   {_line(outcomes[-1])}")
            findings = trials.check_everything()
    except (NotStartedError, TimeoutExpiredError) as error:
        broken_off = str(error)
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    console.print(table(outcomes))
    numbers = report(outcomes, findings, arguments.seed, broken_off)
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    for problem in numbers["at_the_end"]["problems"]:
        tell(problem)
    console.print("every trial was clean" if numbers["clean"] else "NOT as it should be", style="bold")
    return 0 if numbers["clean"] else 1


def report(outcomes: Sequence[Outcome], findings: Findings, seed: int, broken_off: str = "") -> dict[str, Any]:
    """Put the report together; `findings` are those of the check of everything at the end, if it came to that."""
    return {
        "seed": seed,
        "trials": [outcome.document() for outcome in outcomes],
        "totals": totals(outcomes),
        "at_the_end": {
            "published": findings.published,
            "archived": findings.archived,
            "missing": len(findings.missing),
            "duplicates": len(findings.duplicates),
            "wrong_hashes": len(findings.hash_mismatches),
            "problems": [*findings.missing, *findings.duplicates, *findings.hash_mismatches, *findings.problems],
        },
        "broken_off": broken_off,
        "clean": findings.good and bool(outcomes) and all(one.clean for one in outcomes) and not broken_off,
    }


def _line(outcome: Outcome) -> str:
    first, gap = outcome.survivor_first_poll_seconds, outcome.longest_gap_seconds
    taken = "" if first is None else f"the other node polls after {first:.1f} s, "
    state = "clean" if outcome.clean else f"NOT clean: {'; '.join(outcome.blemishes[:5])}"
    return f"{outcome.published} recordings, {taken}longest gap {gap:.1f} s, {'; '.join([state, *outcome.remarks])}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Fault after fault while calls keep coming.")
    parser.add_argument("--trials", type=int, default=20, help="how many faults (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="repeats the moments of a run")
    parser.add_argument("--only", default="", help="only faults with this in their name")
    parser.add_argument("--report", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
