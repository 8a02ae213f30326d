"""The archive and the heartbeats in memory."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from capture.errors import Locked
from capture.model.authority import Heartbeat
from capture.model.identity import NodeName
from capture.model.ledger import Copy, LedgerEntry
from capture.ports import Clock
from tests.stores.store import Store, operation


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A committed recording: its bytes and what its metadata say."""

    data: bytes
    entry: LedgerEntry
    file_name: str | None

    @property
    def copy(self) -> Copy:
        """The one copy that this blob is."""
        (one,) = self.entry.copies
        return one


class MemoryArchive(Store):
    """`blobs` and `sidecars` by path; `refused` counts commits that came second; `holds` has what is under hold.

    `can_hold = False` is a store that knows no holds.
    """

    kind = "archive"

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, StoredBlob] = {}
        self._by_stem: dict[str, list[StoredBlob]] = {}
        self.sidecars: dict[str, bytes] = {}
        self.refused: list[str] = []
        self.holds: set[str] = set()
        self.can_hold = True

    @operation
    def find(self, stem: str) -> LedgerEntry | None:
        found = (blob.entry for blob in self._by_stem.get(stem, ()))
        return min(found, key=lambda entry: sorted(entry.copies), default=None)

    def upload(self, path: str) -> "MemoryUpload":
        return MemoryUpload(self, path)

    @operation
    def size(self, path: str) -> int | None:
        blob = self.blobs.get(path)
        return len(blob.data) if blob is not None else None

    @operation
    def read(self, path: str, offset: int, length: int) -> bytes:
        return self.blobs[path].data[offset : offset + length]

    @operation
    def put_sidecar(self, path: str, document: bytes) -> None:
        self.sidecars[beside(path)] = document

    @operation
    def hold(self, path: str, *, on: bool) -> bool:
        if path not in self.blobs or not self.can_hold:
            return False
        (self.holds.add if on else self.holds.discard)(path)
        return True

    @operation
    def remove(self, path: str) -> None:
        if path in self.holds:
            raise Locked(f"{path} is locked (BlobImmutableDueToLegalHold)")
        if (blob := self.blobs.pop(path, None)) is not None:
            self._by_stem[path.rpartition(".")[0]].remove(blob)
        self.sidecars.pop(beside(path), None)

    @operation
    def content(self, path: str) -> Iterator[bytes] | None:
        blob = self.blobs.get(path)
        return None if blob is None else iter([blob.data])

    @operation
    def stage(self, size: int) -> None:
        """A block on its way; here so that it can fail."""

    @operation
    def commit(self, path: str, blob: StoredBlob) -> bool:
        if path in self.blobs:
            self.refused.append(path)
            return False
        self.blobs[path] = blob
        self._by_stem.setdefault(path.rpartition(".")[0], []).append(blob)
        return True


def beside(path: str) -> str:
    """Name of the document beside a recording."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}.json"


class MemoryUpload:
    """An upload into a MemoryArchive."""

    def __init__(self, archive: MemoryArchive, path: str) -> None:
        self._archive = archive
        self._path = path
        self._data = bytearray()

    def write(self, chunk: bytes) -> None:
        self._archive.stage(len(chunk))
        self._data += chunk

    def commit(self, copy: Copy, entry: LedgerEntry, file_name: str | None) -> bool:
        fact = replace(entry, copies=frozenset({replace(copy, path=self._path)}), parked=None)
        return self._archive.commit(self._path, StoredBlob(bytes(self._data), fact, file_name))

    def abort(self) -> None:
        self._data = bytearray()


class MemoryHeartbeats(Store):
    """`beats`: the last heartbeat of each node and when it was written by this store's clock."""

    kind = "heartbeats"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.beats: dict[NodeName, tuple[Heartbeat, float]] = {}

    @operation
    def write(self, heartbeat: Heartbeat) -> None:
        self.beats[heartbeat.node] = (heartbeat, self._clock.monotonic())

    @operation
    def read(self, node: NodeName) -> tuple[Heartbeat, float] | None:
        if node not in self.beats:
            return None
        heartbeat, written = self.beats[node]
        # The dates of HTTP count whole seconds.
        return heartbeat, float(math.floor(self._clock.monotonic()) - math.floor(written))
