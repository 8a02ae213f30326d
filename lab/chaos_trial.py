"""One trial of a chaos run: calls keep coming, a fault strikes and ends, and then everything must be archived."""

import json
import time
from collections.abc import Callable

from lab.chaos_calls import Calls
from lab.chaos_faults import Plan, other
from lab.chaos_figures import Outcome
from lab.chaos_polls import longest_gap, polls, seconds_to_poll
from lab.check import Findings, Truth, check, expected, unfinished
from lab.organisation import SOURCE
from lab.pair import NODES, Pair
from lab.stored import read_ledger
from lab.waiting import TimeoutExpiredError, wait_until

CALLS_PER_SECOND = 0.8
_AFTERWARDS_SECONDS = 8.0
_MOST_SECONDS_TO_FINISH = 660.0
"""A message that a store has handed to a request whose answer nobody got stays hidden for ten minutes, as in Azure."""
_MOST_SECONDS_TO_AGREE = 60.0
_SETTLE_SECONDS = 5.0
_SECONDS_BETWEEN_CHECKS = 5.0


class Trials:
    """Runs trials on one pair, one after the other; each is checked by what was published during it."""

    def __init__(self, pair: Pair, tell: Callable[[str], None]) -> None:
        self._pair = pair
        self._tell = tell
        self._stores = {name: pair.storage[name].connection_string for name in NODES}
        self._earlier: set[str] = set()

    def run(self, plan: Plan) -> Outcome:
        """Run one trial. The pair is left with both nodes running and everything switched on again."""
        pair = self._pair
        pair.wait_for_active(60)
        reigns, began = self._reigns(), time.time()
        calls = Calls(pair.organisation, CALLS_PER_SECOND)
        calls.keep_coming(plan.after_seconds)
        active = pair.wait_for_active(30)
        victim = plan.fault.victim(active)
        struck = time.time()
        undo = plan.fault.strike(pair, victim)
        self._tell(f"{plan.trial}: {plan.fault.name} ({victim or 'all'}, {active} ACTIVE), {plan.fault_seconds:.0f} s")
        try:
            calls.keep_coming(plan.fault_seconds)
        finally:
            undo()
        calls.keep_coming(_AFTERWARDS_SECONDS)
        settled, problems = self._settle()
        findings, equal = self._judge()
        seen = polls(pair)
        change = plan.fault.changes_role(active)
        self._earlier |= expected(pair.organisation.published(hashes=False)).keys()
        return Outcome(
            trial=plan.trial,
            fault=plan.fault.name,
            target=victim,
            fault_seconds=round(plan.fault_seconds, 1),
            role_change_expected=change,
            survivor_first_poll_seconds=_rounded(seconds_to_poll(seen, struck, other(active))) if change else None,
            next_poll_seconds=_rounded(seconds_to_poll(seen, struck)),
            longest_gap_seconds=round(longest_gap(seen, began, time.time()), 2),
            role_changes=self._reigns() - reigns,
            published=findings.published,
            missing=len(findings.missing),
            duplicates=len(findings.duplicates),
            wrong_hashes=len(findings.hash_mismatches),
            ledgers_equal=equal,
            settled_seconds=settled,
            problems=[*problems, *findings.missing, *findings.duplicates, *findings.problems],
        )

    def check_everything(self) -> Findings:
        """Compare all that was ever published with both archives and ledgers: what came late shows up here."""
        return check(self._pair.organisation.published(), self._stores, SOURCE)

    def _published(self, *, hashes: bool) -> list[Truth]:
        truths = self._pair.organisation.published(hashes=hashes)
        return [truth for truth in truths if truth["recording_id"] not in self._earlier]

    def _settle(self) -> tuple[float | None, list[str]]:
        """Wait until all is done and both nodes have their roles. Return after how long, and what did not happen."""
        began = time.monotonic()
        settled, problems = None, []
        steps: dict[str, Callable[[], bool]] = {
            "everything is archived and in both ledgers": self._finished,
            "one node is ACTIVE and the other one READY": self._in_order,
        }
        for what, happened in steps.items():
            try:
                wait_until(what, happened, max(1.0, began + _MOST_SECONDS_TO_FINISH - time.monotonic()), every=1)
                settled = settled or round(time.monotonic() - began, 1)
            except TimeoutExpiredError as error:
                problems.append(str(error))
        time.sleep(_SETTLE_SECONDS)  # a second copy, or a late correction, would show up now
        return None if problems else settled, problems

    def _finished(self) -> bool:
        return unfinished(self._published(hashes=False), self._stores) == 0

    def _in_order(self) -> bool:
        statuses = [node.status() for node in self._pair.nodes.values()]
        return sorted(status["role"] for status in statuses if status is not None) == ["ACTIVE", "READY"]

    def _judge(self) -> tuple[Findings, bool]:
        """Check, and check again while that may still help: what is archived twice stays so."""
        deadline = time.monotonic() + _MOST_SECONDS_TO_AGREE
        while True:
            findings = check(self._published(hashes=True), self._stores, SOURCE, earlier=self._earlier)
            equal = self._ledgers_equal()
            if (findings.good and equal) or time.monotonic() > deadline:
                return findings, equal
            time.sleep(_SECONDS_BETWEEN_CHECKS)

    def _ledgers_equal(self) -> bool:
        """Tell whether both nodes know of the same copies of the same recordings, in all trials so far."""
        told = [
            {row.recording_id: sorted(json.dumps(copy, sort_keys=True) for copy in row.copies) for row in rows}
            for rows in (read_ledger(store) for store in self._stores.values())
        ]
        return all(ledger == told[0] for ledger in told)

    def _reigns(self) -> int:
        """How often any node has become ACTIVE."""
        return sum(node.count("became_active") for node in self._pair.nodes.values())


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
