"""The archive of one node: a blob for each recording, its metadata the durable fact, a JSON sidecar beside it."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, unquote

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient, ContentSettings

from capture.errors import Locked, Permanent
from capture.model.identity import AgentId, ConversationId, NodeName, RecordingId, SessionId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from capture.storage.failures import code_of, failures, once_more, status_of
from capture.storage.upload import BlobUpload

BLOCK_BYTES = 8 * 1024 * 1024
_SIDECAR = "json"
_JSON = ContentSettings(content_type="application/json")
_LOCKED = frozenset({"BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold", "LeaseIdMissing"})
_NO_HOLDS = (400, 409, 501)
"""Accounts and containers without immutability by version; Azurite does not know holds at all."""
_LONGEST_FILE_NAME = 200
"""Characters: all metadata of a blob may take 8 KiB, and a character up to twelve bytes when it is written in ASCII."""


class BlobArchive:
    """The archive in one container."""

    def __init__(self, container: ContainerClient, setting: str, block_bytes: int = BLOCK_BYTES) -> None:
        """Take the container, the setting that names its account, and how many bytes travel in one call."""
        self._container = container
        self._setting = setting
        self._block_bytes = block_bytes

    def find(self, stem: str) -> LedgerEntry | None:
        """Look for a committed recording by its path without extension; its metadata is the fact.

        Permanent when something lies there that this product has not written.
        """
        with failures(self._setting, "look into the archive"):
            blobs = [
                blob
                for blob in self._container.list_blobs(name_starts_with=f"{stem}.", include=["metadata"])
                if blob.name != f"{stem}.{_SIDECAR}"
            ]
        return min((_entry(blob) for blob in blobs), key=lambda entry: sorted(entry.copies), default=None)

    def upload(self, path: str) -> BlobUpload:
        """Begin an upload of the recording that will live at `path`, extension included."""
        return BlobUpload(self._container.get_blob_client(path), self._setting, self._block_bytes, _metadata)

    def size(self, path: str) -> int | None:
        """Read how many bytes the object at `path` has, None when there is none."""
        with failures(self._setting, "look into the archive"):
            try:
                return int(once_more(self._container.get_blob_client(path).get_blob_properties).size)
            except ResourceNotFoundError as error:
                if code_of(error) == "ContainerNotFound":
                    raise
                return None

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Read a piece of an object that is there, less at its end. Memory takes all of the piece."""
        with failures(self._setting, "read from the archive"):
            return once_more(lambda: self._container.download_blob(path, offset=offset, length=length).readall())

    def put_sidecar(self, path: str, document: bytes) -> None:
        """Write the JSON document beside the recording at `path`, replacing an older one."""
        with failures(self._setting, "write a sidecar"):
            blob = self._container.get_blob_client(_beside(path))
            blob.upload_blob(document, overwrite=True, content_settings=_JSON)

    def content(self, path: str) -> Iterator[bytes] | None:
        """Read the object at `path` in pieces of bounded size; None when there is none. Transient when it changes."""
        with failures(self._setting, "read from the archive"):
            try:
                download = self._container.download_blob(path, max_concurrency=1)
            except ResourceNotFoundError as error:
                if code_of(error) == "ContainerNotFound":
                    raise
                return None
        return self._pieces(download.chunks())

    def hold(self, path: str, *, on: bool) -> bool:
        """Set or end the store's own legal hold on the object at `path`. False: it is not there, or cannot be held."""
        with failures(self._setting, "hold in the archive"):
            try:
                self._container.get_blob_client(path).set_legal_hold(on)
            except HttpResponseError as error:
                missing = status_of(error) == 404 and code_of(error) != "ContainerNotFound"
                if not missing and status_of(error) not in _NO_HOLDS:
                    raise
                return False
        return True

    def remove(self, path: str) -> None:
        """Delete the object at `path` and the document beside it; no error when they are not there."""
        for name in (path, _beside(path)):
            with failures(self._setting, "remove from the archive"):
                try:
                    self._container.delete_blob(name)
                except ResourceNotFoundError as error:
                    if code_of(error) == "ContainerNotFound":
                        raise
                except ResourceExistsError as error:
                    if code_of(error) not in _LOCKED:
                        raise
                    raise Locked(
                        f"{name} is locked ({code_of(error)}): it can be removed when that has ended"
                    ) from None

    def _pieces(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        with failures(self._setting, "read from the archive"):
            yield from chunks


def _beside(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    base = name.rpartition(".")[0] or name
    return f"{folder}{slash}{base}.{_SIDECAR}"


def _metadata(copy: Copy, entry: LedgerEntry, file_name: str | None) -> dict[str, str]:
    """Write the fact as blob metadata: HTTP headers, so in ASCII, and without what is not known."""
    values = {
        "recording_id": entry.recording_id,
        "created_on": entry.created_on.isoformat(),
        "conversation_id": entry.conversation_id,
        "archived_at": copy.archived_at.isoformat(),
        "node": copy.node,
        "size": str(copy.size),
        "sha256": copy.sha256,
        "media_type": copy.media_type,
        "file_name": file_name[:_LONGEST_FILE_NAME] if file_name is not None else None,
        "keep_until": entry.keep_until.isoformat() if entry.keep_until is not None else None,
        **_screen_metadata(entry.screen),
    }
    return {name: quote(value, safe="/:+") for name, value in values.items() if value}


def _screen_metadata(screen: ScreenTimes | None) -> dict[str, str]:
    """Write what makes it the recording of a screen. The marks stand in sidecar and ledger: they may be many."""
    if screen is None:
        return {}
    return {
        "session_id": screen.session_id,
        "agent_id": screen.agent_id,
        "workstation": screen.workstation,
        "started_at": screen.started_at.isoformat(),
        "ended_at": screen.ended_at.isoformat(),
        "incomplete": "" if screen.complete else "true",
    }


def _entry(blob: BlobProperties) -> LedgerEntry:
    """Read the fact back."""
    values = {name.lower(): unquote(value) for name, value in (blob.metadata or {}).items()}
    try:
        copy = Copy(
            archived_at=datetime.fromisoformat(values["archived_at"]),
            node=NodeName(values["node"]),
            path=blob.name,
            size=int(values["size"]),
            sha256=values["sha256"],
            media_type=values["media_type"],
        )
        created_on = datetime.fromisoformat(values["created_on"])
        recording_id = RecordingId(values["recording_id"])
        keep_until = datetime.fromisoformat(values["keep_until"]) if "keep_until" in values else None
        screen = _screen(values)
    except (KeyError, ValueError) as error:
        raise Permanent(f"{blob.name} in the archive is not a recording of ours: {error}") from None
    conversation_id = values.get("conversation_id")
    return LedgerEntry(
        recording_id,
        created_on,
        ConversationId(conversation_id) if conversation_id else None,
        frozenset({copy}),
        screen=screen,
        keep_until=keep_until,
    )


def _screen(values: dict[str, str]) -> ScreenTimes | None:
    if "session_id" not in values:
        return None
    return ScreenTimes(
        session_id=SessionId(values["session_id"]),
        agent_id=AgentId(values["agent_id"]),
        workstation=values["workstation"],
        started_at=datetime.fromisoformat(values["started_at"]),
        ended_at=datetime.fromisoformat(values["ended_at"]),
        complete="incomplete" not in values,
    )
