"""The independent check: everything that was published is archived, once, rightly, and known to both nodes.

It compares the truth that the organisation tells with what lies in both accounts, and shares no code with the product.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from lab.processes import ROOT
from lab.stored import LedgerRow, StoredRecording, list_recordings, read_archive, read_interactions, read_ledger

SCHEMA = ROOT / "docs" / "sidecar.schema.json"

type Truth = Mapping[str, Any]


@dataclass(slots=True)
class Findings:
    """What the check found. `problems` has a line for whatever is neither missing, nor double, nor a wrong hash."""

    published: int = 0
    archived: int = 0
    archived_by: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    hash_mismatches: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    interactions: int = 0

    @property
    def good(self) -> bool:
        """Nothing is missing and nothing is wrong."""
        return not (self.missing or self.duplicates or self.hash_mismatches or self.problems)


def expected(published: Sequence[Truth]) -> dict[str, Truth]:
    """Recordings that have a file or will have one, by id: all of them must be archived, and nothing else."""
    return {truth["recording_id"]: truth for truth in published if truth["file_on"] is not None}


def unfinished(published: Sequence[Truth], stores: Mapping[str, str]) -> int:
    """Count the recordings that are not yet in any archive, or not yet in every ledger. Cheap: reads no audio."""
    archived = set().union(*(list_recordings(store) for store in stores.values()))
    ledgers = [{row.recording_id for row in read_ledger(store)} for store in stores.values()]
    done = archived.intersection(*ledgers)
    return sum(recording not in done for recording in expected(published))


def check(
    published: Sequence[Truth], stores: Mapping[str, str], source: str, *, earlier: Collection[str] = ()
) -> Findings:
    """Compare the truth with the accounts of the nodes, given as connection strings by node name.

    Recordings whose ids are in `earlier` have been checked before: they are left aside.
    """
    wanted = expected(published)
    findings = Findings(published=len(wanted), archived_by=dict.fromkeys(stores, 0))
    copies: dict[str, list[StoredRecording]] = {}
    for node, store in stores.items():
        archive = read_archive(node, store, earlier)
        findings.problems += [f"{node}: {stray} does not belong into the archive" for stray in archive.strays]
        for stored in archive.recordings:
            copies.setdefault(stored.recording_id, []).append(stored)
    findings.archived = len(copies.keys() & wanted.keys())
    findings.missing = sorted(wanted.keys() - copies.keys())
    findings.duplicates = sorted(recording for recording, found in copies.items() if len(found) > 1)
    findings.problems += [f"{recording}: was never published" for recording in sorted(copies.keys() - wanted.keys())]
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for stored in (stored for recording in wanted for stored in copies.get(recording, ())):
        truth = wanted[stored.recording_id]
        findings.archived_by[stored.node] += 1
        if (stored.sha256, stored.size) != (truth["sha256"], truth["size"]):
            findings.hash_mismatches.append(stored.recording_id)
        wrong = (*_path(stored, truth, source), *_sidecar(stored, validator))
        findings.problems += [f"{stored.recording_id} at {stored.node}: {what}" for what in wrong]
    complete = {_interaction(truth) for truth in wanted.values()}
    for node, store in stores.items():
        interactions = read_interactions(store)
        wrong = (*_ledger(wanted, copies, read_ledger(store)), *_interactions(wanted, interactions))
        findings.problems += [f"{what} at {node}" for what in wrong]
        complete &= interactions.keys()
    findings.interactions = len(complete)
    return findings


def _interaction(truth: Truth) -> str:
    return str(truth["conversation_id"] or f"recording-{truth['recording_id']}")


def _path(stored: StoredRecording, truth: Truth, source: str) -> Iterator[str]:
    if stored.source != source:
        yield f"lies under source={stored.source}"
    if stored.day != truth["created_on"][:10]:
        yield f"lies under the day {stored.day}"
    if stored.conversation_id != truth["conversation_id"]:
        yield f"lies under conversation={stored.conversation_id}"


def _sidecar(stored: StoredRecording, validator: Draft202012Validator) -> Iterator[str]:
    if stored.sidecar is None:
        yield "has no sidecar"
        return
    for error in validator.iter_errors(stored.sidecar):
        yield f"the sidecar breaks the schema at {error.json_path}: {error.message}"
    facts = {
        "source": stored.source,
        "recording_id": stored.recording_id,
        "conversation_id": stored.conversation_id,
        "path": stored.path,
        "size": stored.size,
        "sha256": stored.sha256,
        "archived_by": stored.node,
    }
    for name, value in facts.items():
        if stored.sidecar.get(name) != value:
            yield f"the sidecar says {name} is {stored.sidecar.get(name)!r}"


def _ledger(
    wanted: Mapping[str, Truth], copies: Mapping[str, Sequence[StoredRecording]], rows: Sequence[LedgerRow]
) -> Iterator[str]:
    counts = Counter(row.recording_id for row in rows)
    known = {row.recording_id: row for row in rows}
    for recording in wanted:
        if counts[recording] != 1:
            yield f"{recording}: {counts[recording]} rows in the ledger"
            continue
        told = {(copy["node"], copy["path"], copy["size"], copy["sha256"]) for copy in known[recording].copies}
        there = {(one.node, one.path, one.size, one.sha256) for one in copies.get(recording, ())}
        if told != there:
            yield f"{recording}: the ledger tells of other copies than the archives have"


def _interactions(wanted: Mapping[str, Truth], known: Mapping[str, Mapping[str, bool]]) -> Iterator[str]:
    for recording, truth in wanted.items():
        described = known.get(_interaction(truth), {}).get(recording)
        if described is None:
            yield f"{recording}: not in its interaction"
        elif not described and truth["conversation_id"]:
            yield f"{recording}: its interaction has no metadata"
