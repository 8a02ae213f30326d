"""The simulation itself: it replays, the product holds in it, and it notices faults. Long runs are commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from capture.errors import CaptureError, Transient
from tests.simulation.__main__ import Totals
from tests.simulation.history import run
from tests.simulation.kernel import Kernel, Killed
from tests.simulation.mutants import MUTANTS, hunt
from tests.simulation.pool import Pool
from tests.simulation.weather import KINDS

ROOT = Path(__file__).parents[2]


def test_a_seed_is_one_history_in_any_process() -> None:
    ask = "from tests.simulation.history import run; print(run(3, 60).digest)"
    told = [
        subprocess.run(  # noqa: S603  this very interpreter
            [sys.executable, "-c", ask],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]
    assert told == [str(run(3, 60).digest)] * 2


def test_nothing_happens_that_must_not(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    seeds, recordings = 2 * len(KINDS) + 6, 800  # every class at least once; some recordings more come at the end
    command = ["run", "--seeds", str(seeds), "--recordings", str(recordings), "--processes", "2"]
    done = _simulation(*command, "--report", str(report))
    assert done.returncode == 0, done.stdout[-20_000:]
    found = json.loads(report.read_text())
    assert found["violations"] == 0
    assert found["recordings"] >= 20_000
    assert found["histories_by_class"].keys() == set(KINDS)
    copies = found["second_copies_by_class"]
    assert sum(copies.values()) == found["second_copies"]
    assert (copies["calm"], copies["crash"]) == (0, 0)


@pytest.mark.parametrize(
    "name",
    [
        "no look-back",
        "the message is sent before the row is written",
        "a new reign does not increase the epoch",
        "one lease is a majority",
    ],
)
def test_a_fault_in_the_protocol_is_noticed(name: str) -> None:
    assert hunt(name, seeds=5, recordings=80).invariant is not None


def test_what_went_wrong_is_told_and_can_be_played_again() -> None:
    totals, name = Totals(80), "the message is sent before the row is written"
    with MUTANTS[name].made():
        result = run(0, 80)
    totals.add(result)
    (failed,) = totals.document()["failed"]  # type: ignore[misc]
    assert failed["replay"] == "python -m tests.simulation replay 0 --recordings 80"
    assert 5 < len(failed["story"]) <= 60
    assert "4 message before row" in failed["violations"][0]
    assert result.violations[0].about[0] in "".join(failed["story"])
    again = _simulation("replay", "0", "--recordings", "80", "--mutant", name)
    assert again.returncode == 1
    assert failed["violations"][0] in again.stdout
    assert failed["story"][-1] in again.stdout


def _simulation(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  this very interpreter
        [sys.executable, "-m", "tests.simulation", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_events_happen_in_the_order_of_time_and_of_scheduling() -> None:
    kernel, seen = Kernel(), []
    for name, when in (("later", 2.0), ("first", 1.0), ("second", 1.0)):
        kernel.at(when, lambda n=name: seen.append((kernel.now, n)))  # type: ignore[misc]
    kernel.run(5)
    assert seen == [(1.0, "first"), (1.0, "second"), (2.0, "later")]
    assert kernel.now == 5


def test_a_killed_task_goes_no_further_and_cannot_call_again() -> None:
    kernel, seen = Kernel(), []

    def work() -> None:
        try:
            kernel.sleep(10)
            seen.append("went on")
        finally:
            try:
                kernel.sleep(1)
            except Killed:
                seen.append("refused")

    kernel.spawn("main", "work", work, lambda _: seen.append("ended"))
    kernel.at(3, lambda: kernel.kill("main"))
    kernel.run(20)
    assert seen == ["refused"]


def test_a_task_can_kill_its_own_process() -> None:
    kernel, seen = Kernel(), []

    def suicide() -> None:
        kernel.kill("main")
        raise Killed

    kernel.spawn("main", "other", lambda: (kernel.sleep(5), seen.append("other")))
    kernel.spawn("peer", "another", lambda: (kernel.sleep(5), seen.append("another")))
    kernel.spawn("main", "suicide", suicide)
    kernel.run(20)
    assert seen == ["another"]


def test_a_paused_process_goes_on_when_it_is_let() -> None:
    kernel, seen = Kernel(), []
    kernel.spawn("main", "work", lambda: (kernel.sleep(2), seen.append(kernel.now)))
    kernel.at(1, lambda: kernel.pause("main", 9))
    kernel.run(20)
    assert seen == [9]


def test_a_pool_answers_in_order_and_has_only_so_many_threads() -> None:
    kernel, seen = Kernel(), []
    pool = Pool(kernel, "main", threads=2)

    def call(number: int) -> int:
        kernel.sleep(3 - number if number < 3 else 1)
        if number == 1:
            raise Transient("no answer")
        return number

    def work() -> None:
        seen.extend(pool([lambda n=n: call(n) for n in range(4)]))  # type: ignore[misc]

    kernel.spawn("main", "work", work)
    kernel.run(20)
    assert [each for each in seen if not isinstance(each, CaptureError)] == [0, 2, 3]
    assert isinstance(seen[1], Transient)
