"""From the download to the committed blob: stream, hash, verify, commit. Constant memory, whatever the size."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from capture.errors import Mangled, Permanent, Superseded
from capture.model.identity import NodeName
from capture.model.ledger import Copy, LedgerEntry
from capture.model.media import SNIFF_BYTES, MediaType, looks_like_text, sniff
from capture.model.path import stem
from capture.model.recording import ArchiveRecording
from capture.model.retention import Retention
from capture.ports import Archive, Clock, Download, Source
from capture.redundancy.fence import Fence


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Brings one recording from Dynamics into this node's archive."""

    node: NodeName
    source_name: str
    source: Source
    archive: Archive
    fence: Fence
    clock: Clock
    retention: Retention

    def fetch(self, command: ArchiveRecording) -> LedgerEntry:
        """Archive the recording and return the fact. Somebody else's earlier commit under the same name is the fact.

        Raises Mangled when what came is not the recording, Permanent when its media type is unknown, Superseded when
        the assignment or its epoch ended on the way, and what `Source.open` raises. Then nothing is visible.
        """
        with self.source.open(command.recording.id) as download:
            head, chunks = _head(download.chunks)
            if download.size is not None and len(head) < min(SNIFF_BYTES, download.size):
                raise Mangled(f"the body was cut after {len(head)} bytes, Dynamics said {download.size}")
            media = _identify(head, download)
            name = self.stem(command)
            upload = self.archive.upload(f"{name}.{media.extension}")
            digest = hashlib.sha256()
            size = 0
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    upload.write(chunk)
                _verify(size, download)
                copy = Copy(
                    archived_at=self.check(command),
                    node=self.node,
                    path=f"{name}.{media.extension}",
                    size=size,
                    sha256=digest.hexdigest(),
                    media_type=media.name,
                )
                recording = command.recording
                entry = LedgerEntry(
                    recording.id,
                    recording.created_on,
                    recording.conversation_id,
                    frozenset({copy}),
                    keep_until=self.retention.until(recording.created_on, command.conversation),
                )
                if upload.commit(copy, entry, download.file_name):
                    return entry
            finally:
                upload.abort()
        found = self.archive.find(name)
        if found is None:
            raise Mangled("the archive refused the commit, yet has no such recording")
        return found

    def stem(self, command: ArchiveRecording) -> str:
        """Path of the recording without extension, the same in both archives."""
        recording = command.recording
        return stem(self.source_name, recording.id, recording.created_on, recording.conversation_id)

    def check(self, command: ArchiveRecording) -> datetime:
        """Return the time now; Superseded when the assignment is over: by its deadline, its epoch, or taken back."""
        now = self.clock.now()
        if now >= command.deadline:
            raise Superseded("the assignment ran out: the recording may be the other node's by now")
        self.fence.check(command.assigned_by, command.epoch, command.assigned_at)
        return now


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Read enough of the first bytes to recognise the file, and give back an iterator over all of them."""
    first: list[bytes] = []
    length = 0
    for chunk in chunks:
        first.append(chunk)
        length += len(chunk)
        if length >= SNIFF_BYTES:
            break

    def everything() -> Iterator[bytes]:
        yield from first
        yield from chunks

    return b"".join(first)[:SNIFF_BYTES], everything()


def _identify(head: bytes, download: Download) -> MediaType:
    if not head:
        raise Mangled("the file is empty")
    if looks_like_text(head):
        raise Mangled("an error page or document came instead of audio")
    media = sniff(head)
    if media is None:
        raise Permanent(
            f"unknown media type: the file begins with {head[:8].hex(' ')} and is called {download.media_type}"
        )
    return media


def _verify(size: int, download: Download) -> None:
    if download.size is not None and size != download.size:
        raise Mangled(f"{size} bytes came, Dynamics said {download.size}")
