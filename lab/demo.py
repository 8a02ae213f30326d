"""`make demo`: calls come in, the ACTIVE node is killed in the middle and comes back, and nothing may be lost.

Afterwards both archives and both ledgers are compared with what the organisation published (`lab.check`).
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lab.check import Findings, check, expected, unfinished
from lab.organisation import SOURCE
from lab.pair import NODES, Pair
from lab.processes import NotStartedError
from lab.run import interruptible, stopping
from lab.script import Script
from lab.waiting import TimeoutExpiredError, wait_until

_MOST_SECONDS_TO_FINISH = 240.0
_SETTLE_SECONDS = 5.0


def report(pair: Pair, findings: Findings, failover_seconds: float | None) -> dict[str, Any]:
    """Put the numbers together."""
    calls = int(pair.organisation.stats()["dataverse_calls"])
    return {
        "recordings_published": findings.published,
        "recordings_archived": findings.archived,
        "missing": len(findings.missing),
        "duplicates": len(findings.duplicates),
        "hash_mismatches": len(findings.hash_mismatches),
        "archived_by": findings.archived_by,
        "failover_seconds": failover_seconds,
        "dataverse_calls": calls,
        "dataverse_calls_per_recording": round(calls / max(1, findings.published), 2),
        "interactions": findings.interactions,
        "notifications_sent": sum(node.count("notification_sent") for node in pair.nodes.values()),
        "notifications_merged": sum(node.count("notification_merged") for node in pair.nodes.values()),
    }


def main() -> int:
    """Run the demo and return 0 only when nothing is missing and nothing is wrong."""
    arguments = _arguments()
    console = Console()
    interruptible()
    try:
        pair = Pair("demo", tell=lambda text: console.print(f"  {text}", highlight=False))
        with stopping(pair, console):
            console.print("starting", style="bold")
            pair.start()
            findings, numbers = _demonstrate(pair, arguments.calls, console)
    except (NotStartedError, TimeoutExpiredError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(_table(numbers))
    for problem in (*findings.missing, *findings.duplicates, *findings.hash_mismatches, *findings.problems):
        console.print(f"  {problem}", highlight=False)
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    console.print("nothing is missing and nothing is wrong" if findings.good else "NOT as it should be", style="bold")
    return 0 if findings.good else 1


def _demonstrate(pair: Pair, calls: int, console: Console) -> tuple[Findings, dict[str, Any]]:
    active = pair.wait_for_active(60)
    console.print(f"[bold]{calls} calls[/bold], node {active} is ACTIVE", highlight=False)
    script = Script(pair, calls, tell=lambda text: console.print(f"  {text}", highlight=False))
    script.run()
    stores = {name: pair.storage[name].connection_string for name in NODES}
    truth = pair.organisation.published
    try:
        waited = wait_until(
            "everything is archived and in both ledgers",
            lambda: unfinished(truth(hashes=False), stores) == 0,
            _MOST_SECONDS_TO_FINISH,
            every=1,
        )
        console.print(
            f"  all {len(expected(truth(hashes=False)))} recordings are done, {waited:.0f} s after the last step"
        )
    except TimeoutExpiredError as error:
        console.print(f"  {error}")  # the check says what is missing
    time.sleep(_SETTLE_SECONDS)  # a second copy, or a late correction, would show up now
    findings = check(truth(), stores, SOURCE)
    return findings, report(pair, findings, script.failover_seconds)


def _table(numbers: dict[str, Any]) -> Table:
    table = Table(title="What has become of the calls", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for key, value in numbers.items():
        text = ", ".join(f"{node} {count}" for node, count in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(key.replace("_", " "), text)
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="Kill the ACTIVE node in the middle of many calls.")
    parser.add_argument("--calls", type=int, default=40, help="how many calls end (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
