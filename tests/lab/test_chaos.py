"""What the chaos and failover runs plan, measure and judge. The runs themselves are `make chaos`, `make failover`."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from azure.storage.blob import ContainerClient
from dynamics_visitor import Visitor
from rich.console import Console

from lab.azurite import Azurite
from lab.chaos import report
from lab.chaos_calls import Calls
from lab.chaos_faults import FAULTS, Fault, plans
from lab.chaos_figures import WITNESS, Outcome, median, table, totals
from lab.chaos_polls import Poll, longest_gap, polls, seconds_to_poll
from lab.check import Findings
from lab.dynamics.server import RunningOrganisation, running_organisation
from lab.failover_figures import Takeover, figures
from lab.failover_figures import table as failover_table
from lab.node import Credential
from lab.organisation import Organisation
from lab.pair import REGIONS, Pair
from lab.stored import ARCHIVE, read_archive
from lab.waiting import TimeoutExpiredError

CLEAN = Outcome(
    trial=1,
    fault="ACTIVE killed",
    target="main",
    fault_seconds=30,
    role_change_expected=True,
    survivor_first_poll_seconds=12.5,
    next_poll_seconds=12.5,
    longest_gap_seconds=15,
    role_changes=1,
    published=40,
    missing=0,
    duplicates=0,
    wrong_hashes=0,
    ledgers_equal=True,
    settled_seconds=9,
)
STEADY = replace(CLEAN, fault=WITNESS, role_change_expected=False, survivor_first_poll_seconds=None, role_changes=0)


@dataclass
class Witnessed:
    """Stands for a node, a process or the organisation, and notes what is done to it."""

    done: list[str] = field(default_factory=list)
    published: list[dict[str, object]] = field(default_factory=list)

    def kill(self) -> float:
        self.done.append("kill")
        return 0.0

    def start(self) -> None:
        self.done.append("start")

    def pause(self) -> None:
        self.done.append("pause")

    def resume(self) -> None:
        self.done.append("resume")

    def faults(self, **details: object) -> None:
        self.done.append(str(details["kind"]))

    def clear_faults(self) -> None:
        self.done.append("clear")

    def publish(self, count: int, **shape: object) -> None:
        self.published += [shape] * count

    @property
    def process(self) -> "Witnessed":
        return self


@dataclass
class PairOfNothing:
    """A pair in which nothing runs."""

    nodes: dict[str, Witnessed] = field(default_factory=lambda: {name: Witnessed() for name in ("main", "peer")})
    storage: dict[str, Witnessed] = field(default_factory=lambda: {region: Witnessed() for region in REGIONS})
    organisation: Any = field(default_factory=Witnessed)
    credentials: dict[str, Credential] = field(
        default_factory=lambda: {name: Credential(f"capture-{name}", f"{name}-secret") for name in ("main", "peer")}
    )

    def done(self) -> dict[str, list[str]]:
        parts = {**self.nodes, **{f"{region} store": one for region, one in self.storage.items()}}
        return {name: one.done for name, one in {**parts, "organisation": self.organisation}.items() if one.done}


def test_the_faults_take_turns_and_the_seed_repeats_their_moments() -> None:
    planned = plans(2 * len(FAULTS), seed=5)
    assert [plan.fault for plan in planned] == [*FAULTS, *FAULTS]
    assert [plan.trial for plan in planned] == list(range(1, 2 * len(FAULTS) + 1))
    assert planned == plans(2 * len(FAULTS), seed=5)
    assert planned != plans(2 * len(FAULTS), seed=6)
    assert all(plan.fault.shortest <= plan.fault_seconds <= plan.fault.longest for plan in planned)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_strikes_one_part_and_can_be_undone(fault: Fault) -> None:
    pair = PairOfNothing()
    undo = fault.strike(cast("Pair", pair), fault.victim("peer"))
    struck = {name: list(done) for name, done in pair.done().items()}
    undo()
    ((name, done),) = pair.done().items()
    assert [name] == list(struck)
    undone = {"kill": "start", "pause": "resume"}.get(done[0], "clear")
    assert done == [*struck[name], undone]
    expected = {"ACTIVE killed": "peer", "READY frozen": "main", "main's store frozen": "main store"}
    assert name == expected.get(fault.name, name)


@pytest.mark.parametrize(
    ("name", "active", "changes"),
    [
        ("ACTIVE killed", "main", True),
        ("READY frozen", "main", False),
        ("main's store frozen", "main", True),
        ("main's store frozen", "peer", False),
        ("witness frozen", "peer", False),
        ("Entra down", "main", None),
    ],
)
def test_whether_the_role_must_change_hands(name: str, active: str, changes: object) -> None:
    (fault,) = (fault for fault in FAULTS if fault.name == name)
    assert fault.changes_role(active) is changes


def test_the_longest_gap_counts_the_ends_of_the_stretch() -> None:
    found = [Poll(at, "main") for at in (90, 101, 105, 110, 128)]
    assert longest_gap(found, 100, 112) == 11
    assert longest_gap(found, 100, 127) == 17
    assert longest_gap(found, 100, 130) == 18
    assert longest_gap([], 100, 130) == 30


def test_the_first_poll_after_a_moment_is_told_by_node() -> None:
    found = [Poll(99, "peer"), Poll(100.5, "main"), Poll(112, "peer"), Poll(117, "peer")]
    assert seconds_to_poll(found, 100, "peer") == 12
    assert seconds_to_poll(found, 100) == 0.5
    assert seconds_to_poll(found, 113, "main") is None


@pytest.fixture(scope="module")
def running() -> Iterator[RunningOrganisation]:
    with running_organisation() as running:
        yield running


def test_a_poll_is_an_answered_list_by_time(running: RunningOrganisation) -> None:
    pair = PairOfNothing(organisation=running.organisation.statistics)
    by_time = "msdyn_ocrecordings?$filter=createdon ge 2026-11-22T00:00:00Z&$orderby=createdon asc"
    with Visitor(running) as visitor:
        visitor.sign_in()
        began = time.time()
        visitor.get(by_time)
        visitor.get("msdyn_ocrecordings?$filter=msdyn_ocrecordingid eq 2d4e1d4b-0f6f-4a9d-9a55-3d2f2b1c0a99")
        visitor.lab("POST", "faults", kind="throttle", count=1)
        visitor.get(by_time)
    assert [one["status"] for one in running.organisation.statistics.polls()] == [200, 429]
    (poll,) = polls(cast("Pair", pair))
    assert poll.node == "main"
    assert began - 0.001 <= poll.at <= time.time()


def test_a_clean_trial_has_no_blemish() -> None:
    assert CLEAN.clean
    assert CLEAN.document()["blemishes"] == []
    assert replace(STEADY, longest_gap_seconds=6).clean


def test_what_is_slow_is_remarked_and_spoils_nothing() -> None:
    late = replace(CLEAN, survivor_first_poll_seconds=28.5)
    assert late.clean
    assert late.remarks == ["more than 18.5 s to the other node's poll"]
    missed = replace(STEADY, fault="READY frozen", target="peer", longest_gap_seconds=20)
    assert missed.clean
    assert missed.remarks == ["polls were missed"]
    assert replace(missed, fault="Dynamics throttles", target="").remarks == []
    assert CLEAN.remarks == replace(STEADY, longest_gap_seconds=6).remarks == []


@pytest.mark.parametrize(
    ("outcome", "blemish"),
    [
        (replace(CLEAN, missing=1), "1 missing"),
        (replace(CLEAN, duplicates=2), "2 archived twice"),
        (replace(CLEAN, wrong_hashes=1), "1 with a wrong hash"),
        (replace(CLEAN, ledgers_equal=False), "the ledgers differ"),
        (replace(CLEAN, published=0), "nothing was published"),
        (replace(CLEAN, survivor_first_poll_seconds=None), "the other node never polled"),
        (replace(CLEAN, next_poll_seconds=None), "nobody polled again"),
        (replace(CLEAN, problems=["has no sidecar"]), "has no sidecar"),
        (replace(STEADY, longest_gap_seconds=6, role_changes=1), "1 changes of role"),
        (replace(STEADY, longest_gap_seconds=10.5), "polls were missed"),
    ],
)
def test_whatever_is_wrong_is_said(outcome: Outcome, blemish: str) -> None:
    assert outcome.blemishes == [blemish]
    assert not outcome.clean
    assert report([CLEAN, outcome], Findings(), seed=1)["clean"] is False


def test_totals_and_what_spoils_a_report() -> None:
    outcomes = [CLEAN, replace(CLEAN, survivor_first_poll_seconds=16, missing=2), STEADY]
    together = totals(outcomes)
    assert (together["trials"], together["published"], together["missing"]) == (3, 120, 2)
    assert (together["survivor_first_poll_p50"], together["survivor_first_poll_max"]) == (14.25, 16)
    assert report([CLEAN], Findings(), seed=1)["clean"] is True
    assert report([CLEAN], Findings(missing=["late"]), seed=1)["clean"] is False
    assert report([CLEAN], Findings(), seed=1, broken_off="no node is ACTIVE")["clean"] is False
    assert report([], Findings(), seed=1)["clean"] is False
    assert median([]) is None


def test_the_table_fits_a_terminal() -> None:
    console = Console(width=80)
    with console.capture() as shown:
        console.print(table([CLEAN, replace(CLEAN, trial=12, fault="Dynamics answers 503", missing=3)]))
    assert "12  Dynamics answers 503  30 s  12.5 s  15.0 s" in shown.get()
    assert "40  clean" in shown.get()
    assert "40  3 missing" in shown.get()


def test_the_figures_of_a_failover_run() -> None:
    crashes = [Takeover("main", "peer", 12.0), Takeover("peer", "main", 19.0), Takeover("main", "peer", 13.0)]
    numbers = figures(crashes, [Takeover("main", "peer", 1.5)], Findings(published=30, duplicates=["twice"]))
    assert numbers["crash_seconds"] == [12.0, 19.0, 13.0]
    assert (numbers["crash_p50"], numbers["crash_max"]) == (13.0, 19.0)
    assert (numbers["handover_seconds"], numbers["handover_max"]) == ([1.5], 1.5)
    assert (numbers["missing"], numbers["duplicates"]) == (0, 1)
    assert numbers["within_targets"] == {"crash_p50": True, "crash_max": False, "handover_max": True}
    console = Console(width=80)
    with console.capture() as shown:
        console.print(failover_table(numbers))
    assert "MISSED" in shown.get()


def test_calls_come_at_their_rate_while_somebody_waits() -> None:
    organisation = Witnessed()
    calls = Calls(cast("Organisation", organisation), per_second=50)
    calls.keep_coming(0.4)
    assert 15 <= len(organisation.published) <= 21
    with pytest.raises(TimeoutExpiredError, match="still not: pigs fly"):
        calls.wait_until("pigs fly", lambda: False, 0.1)
    shapes = organisation.published
    assert any("commit_delay_seconds" in shape for shape in shapes)
    assert any("file_delay_seconds" in shape for shape in shapes)


def test_recordings_that_were_checked_before_are_not_read_again(tmp_path: Path) -> None:
    folder = "source=contoso/year=2026/month=11/day=22/conversation=c"
    with Azurite("omnichaos", tmp_path) as azurite:
        with ContainerClient.from_connection_string(azurite.connection_string, ARCHIVE) as container:
            container.create_container()
            for name in ("old.mp3", "old.json", "new.mp3", "stray.json"):
                container.upload_blob(f"{folder}/{name}", b"{}")
        archive = read_archive("main", azurite.connection_string, {"old"})
    assert [one.recording_id for one in archive.recordings] == ["new"]
    assert archive.strays == (f"{folder}/stray.json",)
