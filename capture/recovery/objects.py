"""Reads archived objects again and compares them with what the ledger says of them."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from capture.audio.finish import Finisher
from capture.events import Event, emit
from capture.model.identity import NodeName
from capture.model.ledger import Copy, LedgerEntry
from capture.model.request import Item, Outcome
from capture.ports import Archive

_NO_SOURCE = "a screen's recording is not in Dynamics: it cannot be fetched again"
_EVIDENCE = "it is left as it is; once a person has removed it, recovery by its id archives the recording again"


@dataclass(frozen=True, slots=True)
class Objects:
    """Checks the copies of a recording. `archives` are both nodes', by their names."""

    archives: Mapping[NodeName, Archive]
    finisher: Finisher

    def check(self, entry: LedgerEntry) -> Iterator[Item]:
        """Say what is wrong. A copy that is gone counts no more from then on, so the recording is fetched again."""
        for copy in sorted(entry.copies - entry.lost) if entry.removed is None else ():
            archive = self.archives.get(copy.node)
            if archive is None:
                continue
            read = _read(archive, copy)
            if read is None:
                emit(Event.OBJECT_LOST, logging.ERROR, recording=entry.recording_id, by=copy.node)
                yield self._lost(entry, copy)
            elif read != (copy.size, copy.sha256):
                emit(Event.OBJECT_ALTERED, logging.ERROR, recording=entry.recording_id, by=copy.node)
                why = (
                    f"altered in {copy.node}'s archive: {read[0]} bytes with SHA-256 {read[1]}, the ledger says "
                    f"{copy.size} bytes with {copy.sha256}"
                )
                yield Item(entry.recording_id, entry.created_on, why, Outcome.REPORTED, _EVIDENCE)

    def _lost(self, entry: LedgerEntry, copy: Copy) -> Item:
        why = f"gone from {copy.node}'s archive: {copy.path}"
        if entry.screen is not None:
            return Item(entry.recording_id, entry.created_on, why, Outcome.REPORTED, _NO_SOURCE)
        self.finisher.lose(entry, copy)
        return Item(entry.recording_id, entry.created_on, why)


def _read(archive: Archive, copy: Copy) -> tuple[int, str] | None:
    chunks = archive.content(copy.path)
    if chunks is None:
        return None
    found, size = hashlib.sha256(), 0
    for chunk in chunks:
        found.update(chunk)
        size += len(chunk)
    return size, found.hexdigest()
