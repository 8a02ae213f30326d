"""Bytes from a desktop's staged blob into the archive: verified, and committed in one step with their metadata."""

import hashlib
from dataclasses import dataclass, replace

from capture.errors import Mangled, Permanent, Transient, Unauthorized
from capture.messages import ArchiveScreen
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.model.media import SCREEN
from capture.model.path import stem
from capture.ports import Archive, Clock, Staged
from capture.redundancy.rest import Rest

_TAKES = 20
"""Recordings of one name with other bytes, as when an agent changed the workstation: each gets a number of its own."""
_TAKE = 10_000


class Elsewhere(Exception):
    """What was reported is not staged in this node's account."""


@dataclass(frozen=True, slots=True)
class Taking:
    """Takes one staged recording. Doing it twice finds what was committed, in this archive or in the peer's."""

    node: NodeName
    source_name: str
    staged: Staged
    archive: Archive
    peer_archive: Archive
    rest: Rest
    clock: Clock

    def take(self, command: ArchiveScreen, blank: LedgerEntry, name: str) -> LedgerEntry:
        """Return the archived fact: found under its name with the same bytes, or else committed now.

        Elsewhere when these bytes may lie in the peer's account, Mangled when they are not what was reported.
        """
        for take in range(_TAKES):
            entry = replace(blank, recording_id=recording_of(command, command.part + take * _TAKE))
            where = stem(self.source_name, entry.recording_id, entry.created_on, entry.conversation_id)
            found = self._look(where) or self._commit(command, entry, where, name)
            if any(copy.sha256 == command.sha256 for copy in found.copies):
                return found
        raise Permanent(f"{_TAKES} other recordings have this name already")

    def measured(self, command: ArchiveScreen, name: str) -> ArchiveScreen:
        """Fill in size and hash of what is staged, for a command that came without. Mangled when nothing is."""
        if self.staged.size(name) is None:
            raise Mangled("nothing has been staged under this name")
        digest, size = hashlib.sha256(), 0
        for piece in self.staged.read(name):
            digest.update(piece)
            size += len(piece)
        return replace(command, size=size, sha256=digest.hexdigest())

    def _commit(self, command: ArchiveScreen, blank: LedgerEntry, where: str, name: str) -> LedgerEntry:
        self._check_size(command, name)
        path = f"{where}.{SCREEN.extension}"
        upload, digest, size = self.archive.upload(path), hashlib.sha256(), 0
        try:
            for chunk in self.staged.read(name):
                digest.update(chunk)
                size += len(chunk)
                upload.write(chunk)
            if (size, digest.hexdigest()) != (command.size, command.sha256):
                raise Mangled("the staged bytes are not those that the desktop reported")
            copy = Copy(self.clock.now(), self.node, path, size, command.sha256, SCREEN.name)
            entry = replace(blank, copies=frozenset({copy}))
            if upload.commit(copy, entry, None):
                return entry
        finally:
            upload.abort()
        found = self.archive.find(where)
        if found is None:
            raise Mangled("the archive refused the commit, yet has no such recording")
        return found

    def _check_size(self, command: ArchiveScreen, name: str) -> None:
        size = self.staged.size(name)
        if size != command.size and not command.passed_on:
            raise Elsewhere
        if size is None:
            raise Mangled("nothing has been staged under this name")
        if size != command.size:
            raise Mangled(f"{size} bytes are staged, the desktop reported {command.size}")

    def _look(self, where: str) -> LedgerEntry | None:
        """Look in both archives: a desktop that got no answer from one node uploads to the other one, too."""
        if (found := self.archive.find(where)) is not None:
            return found
        if not self.rest.on:
            try:
                return self.peer_archive.find(where)
            except (Transient, Unauthorized):
                self.rest.begin()
        return None  # a second copy does no harm, a lost one does


def recording_of(command: ArchiveScreen, part: int) -> RecordingId:
    """Name the recording of one part, or of another take of it."""
    return RecordingId(f"screen-{command.session_id}-{command.agent_id}-{part}")


def part_of(recording_id: RecordingId) -> int:
    """Tell of which part a recording is, whichever take of it."""
    return int(recording_id.rpartition("-")[2]) % _TAKE
