"""`make failover`: how long nobody queries the organisation after a crash, and during a planned handover.

Calls keep coming meanwhile, and at the end all of them must be archived, once.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import requests
from rich.console import Console

from lab.chaos import STEADY
from lab.failover_figures import figures, table
from lab.failover_rounds import Rounds
from lab.pair import Pair
from lab.processes import NotStartedError
from lab.run import interruptible, stopping
from lab.waiting import TimeoutExpiredError


def main() -> int:
    """Measure and return 0 only when nothing is missing and nothing is wrong; a missed target is only said."""
    arguments = _arguments()
    console = Console()
    interruptible()

    def tell(text: str) -> None:
        console.print(f"  {text}", highlight=False)

    try:
        pair = Pair("failover", settings=STEADY, tell=tell)
        with stopping(pair, console):
            console.print(f"starting with --seed {arguments.seed}, logs are in {pair.folder}", style="bold")
            pair.start()
            rounds = Rounds(pair, random.Random(arguments.seed), tell, calm_seconds=arguments.calm)
            crashes = [rounds.crash() for _ in range(arguments.trials)]
            handovers = [rounds.hand_over() for _ in range(arguments.trials)]
            findings = rounds.findings()
    except (NotStartedError, TimeoutExpiredError, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    numbers = figures(crashes, handovers, findings)
    console.print(table(numbers))
    for problem in (*findings.missing, *findings.duplicates, *findings.hash_mismatches, *findings.problems):
        tell(problem)
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    console.print("nothing is missing and nothing is wrong" if findings.good else "NOT as it should be", style="bold")
    return 0 if findings.good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make failover", description="Measure crashes and planned handovers.")
    parser.add_argument("--trials", type=int, default=10, help="crashes, and handovers (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="repeats the moments of a run")
    parser.add_argument("--calm", type=float, default=5, help="least seconds between events (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
