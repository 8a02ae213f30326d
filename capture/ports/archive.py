"""What is asked of an archive of recordings."""

from collections.abc import Iterator
from typing import Protocol

from capture.model.ledger import Copy, LedgerEntry


class Upload(Protocol):
    """Bytes on their way into the archive: staged, and visible only after `commit`."""

    def write(self, chunk: bytes) -> None:
        """Stage the next bytes. Memory stays bounded however many come."""

    def commit(self, copy: Copy, entry: LedgerEntry, file_name: str | None) -> bool:
        """Make all bytes visible with their metadata in one step, if nothing is there; else False."""

    def abort(self) -> None:
        """Give the staged bytes up; never raises."""


class Archive(Protocol):
    """One node's archive of recordings."""

    def find(self, stem: str) -> LedgerEntry | None:
        """Look for a committed recording by its path without extension; its metadata is the fact."""

    def upload(self, path: str) -> Upload:
        """Begin an upload of the recording that will live at `path`, extension included."""

    def size(self, path: str) -> int | None:
        """Read how many bytes the object at `path` has, None when there is none."""

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Read a piece of an object that is there, less at its end. Memory takes all of the piece."""

    def put_sidecar(self, path: str, document: bytes) -> None:
        """Write the JSON document beside the recording at `path`, replacing an older one."""

    def content(self, path: str) -> Iterator[bytes] | None:
        """Read the object at `path` in pieces of bounded size; None when there is none. Transient when it changes."""

    def hold(self, path: str, *, on: bool) -> bool:
        """Set or end the store's own legal hold on the object at `path`. False: it is not there, or cannot be held."""

    def remove(self, path: str) -> None:
        """Delete the object at `path` and the document beside it; no error when they are not there.

        Locked when a policy or a hold of the store protects it.
        """
