"""Recordings of screens on their way: append blobs that desktops write, each through an address of its own."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobSasPermissions, BlobServiceClient

from capture.errors import Transient
from capture.storage.failures import code_of, failures, once_more
from capture.storage.signature import Signer

PIECE_BYTES = 4 * 1024 * 1024


class BlobStaged:
    """The staged recordings in one container."""

    def __init__(self, blobs: BlobServiceClient, container: str, setting: str, piece_bytes: int = PIECE_BYTES) -> None:
        """Take the account's blobs, the container, the setting that names the account, and the size of a piece."""
        self._container = blobs.get_container_client(container)
        self._name = container
        self._signer = Signer(blobs, setting)
        self._setting = setting
        self._piece_bytes = piece_bytes

    def address(self, name: str, now: datetime, until: datetime) -> str:
        """Make the address at which this one append blob can be created and appended to until then."""
        return self._signer.address(self._name, name, BlobSasPermissions(add=True, create=True), now, until)

    def size(self, name: str) -> int | None:
        """Read how many bytes are there, None when there is no such blob."""
        with failures(self._setting, "look at a staged screen"):
            try:
                found = once_more(self._container.get_blob_client(name).get_blob_properties)
            except ResourceNotFoundError as error:
                if code_of(error) == "ContainerNotFound":
                    raise
                return None
        return int(found.size)

    def used(self, prefix: str) -> int:
        """Read how many bytes there are in all whose names begin with `prefix`."""
        with failures(self._setting, "look at staged screens"):
            return sum(int(blob.size) for blob in self._container.list_blobs(name_starts_with=prefix))

    def read(self, name: str) -> Iterator[bytes]:
        """Read all bytes in pieces of bounded size. Transient when the blob is gone or changes meanwhile."""
        blob = self._container.get_blob_client(name)
        with failures(self._setting, "read a staged screen"):
            try:
                found = once_more(blob.get_blob_properties)
                for start in range(0, found.size, self._piece_bytes):
                    length = min(self._piece_bytes, found.size - start)
                    yield once_more(partial(_piece, blob, start, length, found.etag))
            except (ResourceModifiedError, ResourceNotFoundError):
                raise Transient(f"the staged screen {name} is gone, or is still being written") from None

    def remove(self, name: str) -> None:
        """Delete one; no error when it is not there."""
        with failures(self._setting, "delete a staged screen"):
            try:
                once_more(self._container.get_blob_client(name).delete_blob)
            except ResourceNotFoundError:
                return

    def listed(self, prefix: str, limit: int) -> list[tuple[str, datetime]]:
        """Names that begin with `prefix`, with the time of the last change, at most `limit`."""
        with failures(self._setting, "list staged screens"):
            found = self._container.list_blobs(name_starts_with=prefix, results_per_page=max(1, min(limit, 1000)))
            return [(blob.name, blob.last_modified) for blob in islice(found, limit)]


def _piece(blob: BlobClient, start: int, length: int, etag: str) -> bytes:
    condition = MatchConditions.IfNotModified
    return blob.download_blob(offset=start, length=length, etag=etag, match_condition=condition).readall()
