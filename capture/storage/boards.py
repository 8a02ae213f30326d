"""Boards: a small blob for each workstation, which its desktop reads through an address of its own."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, ContentSettings

from capture import messages
from capture.errors import Transient
from capture.model.board import Board
from capture.storage.failures import code_of, failures, once_more
from capture.storage.signature import Signer

_JSON = ContentSettings(content_type="application/json", cache_control="no-store")
_TRIES = 20


class BlobBoards:
    """The boards in one container."""

    def __init__(self, blobs: BlobServiceClient, container: str, setting: str) -> None:
        """Take the account's blobs, the container of the boards, and the setting that names the account."""
        self._container = blobs.get_container_client(container)
        self._name = container
        self._signer = Signer(blobs, setting)
        self._setting = setting

    def get(self, workstation: str) -> Board | None:
        """Read a board."""
        with failures(self._setting, "read a board"):
            return self._read(workstation)[0]

    def change(self, workstation: str, decide: Callable[[Board | None], Board | None]) -> None:
        """Replace a board by what `decide` makes of it; Transient when others keep winning the race."""
        blob = self._container.get_blob_client(_blob(workstation))
        with failures(self._setting, "change a board"):
            for _ in range(_TRIES):
                board, etag = self._read(workstation)
                wanted = decide(board)
                if wanted is None:
                    return
                condition: dict[str, object] = (
                    {"match_condition": MatchConditions.IfMissing}
                    if etag is None
                    else {"etag": etag, "match_condition": MatchConditions.IfNotModified}
                )
                body = messages.boards.to_json(wanted)
                put = partial(blob.upload_blob, body, overwrite=True, content_settings=_JSON)
                try:
                    once_more(partial(put, **condition))
                except (ResourceModifiedError, ResourceExistsError, ResourceNotFoundError) as error:
                    if code_of(error) == "ContainerNotFound":
                        raise
                    continue
                return
        raise Transient(f"others kept changing the board of {workstation}")

    def address(self, workstation: str, now: datetime, until: datetime) -> str:
        """Make the address at which this one board can be read, and nothing else be done, until then."""
        return self._signer.address(self._name, _blob(workstation), BlobSasPermissions(read=True), now, until)

    def _read(self, workstation: str) -> tuple[Board | None, str | None]:
        try:
            download = once_more(lambda: self._container.download_blob(_blob(workstation)))
        except ResourceNotFoundError as error:
            if code_of(error) == "ContainerNotFound":
                raise
            return None, None
        return messages.boards.from_json(download.readall()), download.properties.etag


def _blob(workstation: str) -> str:
    return f"boards/{workstation}.json"
