"""What recovery and verification said against what was suppressed, and against what lies in the stores now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.check import Findings


@dataclass(frozen=True, slots=True)
class Said:
    """The items of all requests, what was suppressed by which way, and the block of the log that was changed.

    `visible` was lost as well, but discovery may have found it first.
    """

    items: Sequence[Mapping[str, Any]]
    ways: Mapping[str, Collection[str]]
    block: str
    visible: Collection[str] = ()


def figures(said: Said, findings: Findings, in_both_ledgers: Collection[str]) -> dict[str, Any]:
    """Put the numbers together. Recovered means: archived once with the right bytes, and in both ledgers."""
    suppressed = {each: way for way, ids in said.ways.items() for each in ids}
    found = {str(item["id"]) for item in said.items}
    reported = {str(item["id"]) for item in said.items if item["outcome"] in ("reported", "failed")}
    false = found - suppressed.keys() - set(said.visible)
    bad = {*findings.missing, *findings.duplicates, *findings.hash_mismatches}
    recovered = {each for each in suppressed if each in in_both_ledgers and each not in bad and each in found}
    altered = set(said.ways.get("object altered", ()))
    expected = altered & set(findings.hash_mismatches)
    wrong = sorted((bad - expected) | {problem for problem in findings.problems if not _about(problem, expected)})
    return {
        "suppressed": len(suppressed),
        "suppressed_by": {way: len(ids) for way, ids in said.ways.items()},
        "detected": len(found & suppressed.keys()),
        "recovered": len(recovered),
        "reported_unrecoverable": len((reported & suppressed.keys()) - recovered),
        "false_alarms": len(false),
        "false_alarm_ids": sorted(false)[:10],
        "undetected_ids": sorted(suppressed.keys() - found)[:10],
        "chain_break_named": said.block in reported,
        "altered_object_named": bool(altered) and altered <= reported,
        "wrong_afterwards": wrong[:10],
    }


def _about(problem: str, recordings: Collection[str]) -> bool:
    return any(recording in problem for recording in recordings)
