"""`make recovery-demo`: recordings and what is known of them are suppressed, and all of it is found.

Three days of recordings are archived. While both nodes are down, rows appear in Dynamics that are older than everything
discovery looks at, ledger rows are deleted, an archived object is removed and another one altered, a ledger is restored
from an old copy, and an entry is struck from the log. Then the nodes start, and `capture recover` and `capture verify`
are run as a person would.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from lab import damage
from lab.check import check, unfinished
from lab.organisation import SOURCE
from lab.pair import NODES, Pair
from lab.processes import ROOT, NotStartedError
from lab.recovery_figures import Said, figures
from lab.run import interruptible, stopping
from lab.stored import read_ledger
from lab.waiting import TimeoutExpiredError, wait_until

_SETTINGS = {
    "FIRST_LOOKBACK_HOURS": "80",
    "LOOKBACK_MINUTES": "1",
    "LOG_BLOCK_MINUTES": "1",
    "RECOVERY_SCHEDULE": "*/5 * * * * *",
}
_DAYS = 3 * 86400.0
_SIZE = 16 * 1024
_A_SUPPRESSED_PART = 0.05
_SINGLE = 3
"""One object is removed, one is altered, one entry is struck from the log."""
_MOST_SECONDS_A_RECORDING = 0.5
_MOST_SECONDS_TO_SEAL = 300.0


@dataclass(slots=True)
class Damage:
    """What was suppressed, by the way in which it was done. `block` is the block of the log that lacks an entry.

    `visible` lost their ledger rows, too, but discovery reads them again by itself: they may be found or not. `at` is
    the time before all of it.
    """

    ways: dict[str, set[str]] = field(default_factory=dict)
    visible: set[str] = field(default_factory=set)
    block: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def recordings(self) -> set[str]:
        """Ids of all recordings concerned."""
        return set().union(*self.ways.values())


def main() -> int:
    """Run the demo and return 0 only when all is found, all is recovered or reported, and nothing else is said."""
    arguments = _arguments()
    console = Console()
    interruptible()
    try:
        pair = Pair("recovery", settings=_SETTINGS, tell=lambda text: console.print(f"  {text}", highlight=False))
        with stopping(pair, console):
            numbers = _demonstrate(pair, arguments.recordings, console)
    except (NotStartedError, TimeoutExpiredError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print_json(json.dumps(numbers))
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    good = (
        numbers["detected"] == numbers["suppressed"] == numbers["recovered"] + numbers["reported_unrecoverable"]
        and numbers["false_alarms"] == 0
        and not numbers["wrong_afterwards"]
        and numbers["chain_break_named"]
        and numbers["altered_object_named"]
    )
    console.print("all of it is found" if good else "NOT as it should be", style="bold")
    return 0 if good else 1


def _demonstrate(pair: Pair, recordings: int, console: Console) -> dict[str, Any]:
    wanted = round(recordings * _A_SUPPRESSED_PART)
    deleted, hidden = wanted // 5, 2 * wanted // 5
    lacking = wanted - deleted - hidden - _SINGLE
    first = recordings - hidden
    console.print("starting", style="bold")
    pair.start_surroundings()
    organisation = pair.organisation
    organisation.publish(
        first - 1, recordings_per_call=1, size_bytes=_SIZE, created_ago_seconds=_DAYS, spread_seconds=_DAYS - 1200
    )
    pair.start_nodes()
    stores = {name: pair.storage[name].connection_string for name in NODES}
    copy = _copy_in_the_middle(pair, stores["main"], first - 2 * lacking)
    console.print(f"  a copy of main's ledger has {len(copy)} rows", highlight=False)
    # With this one the low watermark leaves all the others behind: discovery does not look at them again.
    organisation.publish(1, recordings_per_call=1, size_bytes=_SIZE)
    wait_until(
        "everything is archived",
        lambda: unfinished(organisation.published(hashes=False), stores) == 0,
        _MOST_SECONDS_A_RECORDING * recordings + 120,
        every=1,
    )
    console.print("  everything is archived; the log is being sealed")
    wait_until("the log is sealed", lambda: _sealed(stores) >= recordings - hidden, _MOST_SECONDS_TO_SEAL, every=2)
    for node in pair.nodes.values():
        node.stop()
    done = _damage(pair, stores, copy, deleted)
    organisation.publish(
        hidden,
        recordings_per_call=1,
        size_bytes=_SIZE,
        created_ago_seconds=_DAYS - 600,
        spread_seconds=_DAYS - 4 * 3600,
    )
    known = {row.recording_id for row in read_ledger(stores["peer"])} | done.recordings
    done.ways["hidden rows"] = {each["recording_id"] for each in organisation.published(hashes=False)} - known
    console.print(f"  suppressed: { {way: len(ids) for way, ids in done.ways.items()} }", highlight=False)
    for node in pair.nodes.values():
        node.start()
    for node in pair.nodes.values():
        node.wait()
    pair.wait_for_active(90)
    return _recovered(pair, stores, done)


def _copy_in_the_middle(pair: Pair, store: str, rows: int) -> damage.Rows:
    """Copy the ledger when about so many rows are in it."""
    wait_until(
        f"main's ledger has {rows} rows",
        lambda: sum(node.count("recording_archived") for node in pair.nodes.values()) >= rows,
        _MOST_SECONDS_A_RECORDING * rows + 120,
        every=0.2,
    )
    return damage.ledger_copy(store)


def _sealed(stores: Mapping[str, str]) -> int:
    return sum(damage.blocks(stores[name], name) for name in NODES)


def _damage(pair: Pair, stores: Mapping[str, str], copy: damage.Rows, deleted: int) -> Damage:
    """Do what somebody might do to the stores, each to recordings that nothing else is done to."""
    done = Damage()
    rows = sorted(read_ledger(stores["main"]), key=lambda row: row.recording_id)
    newest = max(pair.organisation.published(hashes=False), key=lambda each: each["created_on"])["recording_id"]
    rows = [row for row in rows if row.recording_id != newest]
    done.visible = {newest} - set(map(damage.id_of, copy))
    done.ways["ledger restored from an old copy"] = {row.recording_id for row in rows} - set(map(damage.id_of, copy))
    done.block, struck = damage.strike_from_log(stores["main"], "main")
    free = [row for row in rows if row.recording_id not in done.recordings | {struck}]
    removed, altered, *others = free
    done.ways["ledger rows deleted on both nodes"] = {row.recording_id for row in others[:deleted]}
    done.ways["object removed"], done.ways["object altered"] = {removed.recording_id}, {altered.recording_id}
    done.ways["entry struck from the log"] = {done.block}
    damage.restore_ledger(stores["main"], copy)
    for store in stores.values():
        damage.delete_ledger_rows(store, done.ways["ledger rows deleted on both nodes"])
    damage.remove_object(stores[removed.copies[0]["node"]], removed.copies[0]["path"])
    damage.alter_object(stores[altered.copies[0]["node"]], altered.copies[0]["path"])
    return done


def _recovered(pair: Pair, stores: Mapping[str, str], done: Damage) -> dict[str, Any]:
    began = time.monotonic()
    before = pair.organisation.stats()["dataverse_calls"]
    now = datetime.now(UTC)
    period = ["--from", f"{now - timedelta(days=4):%Y-%m-%dT%H:%M:%S}", "--to", f"{now:%Y-%m-%dT%H:%M:%S}"]
    said = [*_capture(pair, "recover", *period)]
    recover_seconds = time.monotonic() - began
    said += _capture(pair, "verify")
    seconds = time.monotonic() - began
    calls = pair.organisation.stats()["dataverse_calls"] - before
    time.sleep(5)  # what the peer was told is on its way
    truth = pair.organisation.published()
    findings = check(truth, stores, SOURCE)
    ledgers = [{row.recording_id for row in read_ledger(store)} for store in stores.values()]
    said += _by_itself(pair, done)
    items = [item for each in said for item in each["items"]]
    return figures(Said(items, done.ways, done.block, done.visible), findings, set.intersection(*ledgers)) | {
        "seconds": round(seconds, 1),
        "seconds_of_recover": round(recover_seconds, 1),
        "dataverse_calls": calls,
    }


def _by_itself(pair: Pair, done: Damage) -> list[dict[str, Any]]:
    """Read what the pair has looked for by itself since the damage: at a full hour, or at night, it may be first."""
    asked = [each for each in _capture(pair, "requests") if each["mode"] == "automatic"]
    since = [each["id"] for each in asked if not each["ended"] or datetime.fromisoformat(each["ended"]) >= done.at]
    return [one for name in since for one in _capture(pair, "requests", name)]


def _capture(pair: Pair, *arguments: str) -> list[dict[str, Any]]:
    """Run the command line as a person would, and return what it says."""
    environ = {
        **os.environ,
        "CAPTURE_NODES": " ".join(node.root for node in pair.nodes.values()),
        "CAPTURE_KEY": pair.key,
        "NO_PROXY": "127.0.0.1,localhost",
    }
    command = [sys.executable, "-m", "capture", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):
        raise NotStartedError(f"capture {arguments[0]} ended with {done.returncode}")
    said: list[dict[str, Any]] = json.loads(done.stdout)
    return said


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make recovery-demo", description="Suppress recordings and find all of them.")
    parser.add_argument("--recordings", type=int, default=2000, help="how many there are (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
