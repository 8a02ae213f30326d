"""The log of what this node has archived, and its sealed blocks."""

import hashlib
from collections.abc import Iterator

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableClient, UpdateMode
from azure.storage.blob import ContainerClient, ContentSettings

from capture.model.evidence import Archived
from capture.model.identity import NodeName, RecordingId
from capture.storage import rows
from capture.storage.failures import code_of, failures, once_more

_NOTE_DIGITS = 16
_LINES = ContentSettings(content_type="application/x-ndjson")


class TableLog:
    """The log, in the table `archived`: a partition for each period."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def add(self, entry: Archived, period: str) -> None:
        """Note one; the same one twice in a period is one."""
        row: rows.Row = {
            "archived_at": rows.moment(entry.archived_at),
            "path": entry.path,
            "size": str(entry.size),
            "sha256": entry.sha256,
            "note": entry.note,
        }
        # All of them may happen in one period.
        key = rows.timed_key(entry.created_on, entry.recording_id + _mark(entry))
        with failures(self._setting, "write the log"):
            self._table.upsert_entity({"PartitionKey": period, "RowKey": key, **row}, mode=UpdateMode.REPLACE)

    def of(self, period: str) -> Iterator[Archived]:
        """Read what was noted in a period, in the order of creation."""
        with failures(self._setting, "read the log"):
            for row in self._table.query_entities(f"PartitionKey eq '{period}'", results_per_page=rows.PAGE):
                created_on, recording_id = rows.parse_timed_key(row["RowKey"])
                recording_id = recording_id.rpartition("|")[0] if row["note"] else recording_id
                yield Archived(
                    created_on,
                    RecordingId(recording_id),
                    rows.parse_moment(row["archived_at"]),
                    row["path"],
                    int(row["size"]),
                    row["sha256"],
                    row["note"],
                )

    def first_after(self, period: str) -> str | None:
        """The first period after this one with an entry, None when there is none."""
        wanted = f"PartitionKey gt '{period}'"
        with failures(self._setting, "read the log"):
            for row in self._table.query_entities(wanted, select=["PartitionKey"], results_per_page=1):
                return str(row["PartitionKey"])
        return None


def _mark(entry: Archived) -> str:
    """Tell the notes about one recording apart; empty for its archiving."""
    if not entry.note:
        return ""
    said = repr((rows.moment(entry.archived_at), entry.path, entry.note))
    return f"|{hashlib.sha256(said.encode()).hexdigest()[:_NOTE_DIGITS]}"


class BlobEvidence:
    """The blocks in one container."""

    def __init__(self, container: ContainerClient, setting: str) -> None:
        """Take the container and the setting that names its account."""
        self._container = container
        self._setting = setting

    def add(self, name: str, body: bytes) -> bool:
        """Write a block; False when one of that name is there, which stays."""
        with failures(self._setting, "write a block of the log"):
            try:
                self._container.get_blob_client(name).upload_blob(
                    body, overwrite=True, content_settings=_LINES, match_condition=MatchConditions.IfMissing
                )
            except (ResourceExistsError, ResourceModifiedError):
                return False
        return True

    def read(self, name: str) -> bytes | None:
        """Read a block, None when it is not there."""
        with failures(self._setting, "read a block of the log"):
            try:
                return once_more(lambda: self._container.download_blob(name)).readall()
            except ResourceNotFoundError as error:
                if code_of(error) == "ContainerNotFound":
                    raise
                return None

    def names(self, node: NodeName) -> list[str]:
        """Names of a node's blocks, in the order of their numbers."""
        with failures(self._setting, "list the blocks of the log"):
            return sorted(self._container.list_blob_names(name_starts_with=f"node={node}/"))
