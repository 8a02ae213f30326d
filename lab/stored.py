"""What lies in a node's storage account, read with Azure's own libraries and nothing of the product."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.blob import ContainerClient

ARCHIVE = "recordings"
"""Container of the archive in every node's account."""

_PATH = re.compile(
    r"source=(?P<source>[^/]+)/year=(?P<year>\d{4})/month=(?P<month>\d\d)/day=(?P<day>\d\d)"
    r"/conversation=(?P<conversation>[^/]+)/(?P<recording>[^/]+)\.(?P<extension>[a-z0-9]+)"
)


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """One archived file: where it is, what its path says, what its bytes are, and the document beside it."""

    node: str
    path: str
    source: str
    day: str
    conversation_id: str
    recording_id: str
    size: int
    sha256: str
    sidecar: dict[str, Any] | None
    """None when there is no document, or none that is a JSON object."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One node's archive: its recordings, and the names of what should not be there."""

    recordings: tuple[StoredRecording, ...]
    strays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of a ledger: the copies that it knows of, without those that were found to be gone."""

    recording_id: str
    copies: tuple[dict[str, Any], ...]


def list_recordings(connection_string: str) -> set[str]:
    """Ids of the recordings in an archive, by their names alone."""
    with ContainerClient.from_connection_string(connection_string, ARCHIVE) as container:
        matches = [_PATH.fullmatch(name) for name in container.list_blob_names()]
    return {match["recording"] for match in matches if match is not None and match["extension"] != "json"}


def read_archive(node: str, connection_string: str, but: Collection[str] = ()) -> Archive:
    """Read every byte of an archive, except of the recordings whose ids are in `but`."""
    with ContainerClient.from_connection_string(connection_string, ARCHIVE) as container:
        names = set(container.list_blob_names())
        recordings: list[StoredRecording] = []
        strays = []
        claimed: set[str] = set()
        for name in sorted(names):
            match = _PATH.fullmatch(name)
            if match is None:
                strays.append(name)
            elif match["extension"] != "json":
                beside = f"{name.removesuffix(match['extension'])}json"
                claimed.add(beside)
                if match["recording"] in but:
                    continue
                document = container.download_blob(beside).readall() if beside in names else b""
                recordings.append(_recording(node, name, match, container, document))
        strays += [name for name in names if name.endswith(".json") and name not in claimed]
    return Archive(tuple(recordings), tuple(sorted(set(strays))))


def read_ledger(connection_string: str) -> list[LedgerRow]:
    """Read all rows of a ledger. Row keys end with the recording's id; what is known stands in `entry`, in pieces."""
    return [
        LedgerRow(row["RowKey"].rpartition("|")[2], _copies(_document(row, "entry")))
        for row in _rows(connection_string, "ledger")
    ]


def read_interactions(connection_string: str) -> dict[str, dict[str, bool]]:
    """Read which recordings each interaction has; the flag says that the interaction has its metadata, too."""
    interactions: dict[str, dict[str, bool]] = {}
    described: set[str] = set()
    for row in _rows(connection_string, "interactions"):
        recordings = interactions.setdefault(row["PartitionKey"], {})
        if "conversation_pieces" in row:
            described.add(row["PartitionKey"])
        if "entry_pieces" in row:
            recordings[row["RowKey"].partition(".")[0]] = True
    return {key: dict.fromkeys(recordings, key in described) for key, recordings in interactions.items()}


def read_sessions(connection_string: str) -> dict[str, dict[str, Any]]:
    """Read what a node knows of the agents' sessions, by their ids."""
    return {
        document["id"]: document
        for row in _rows(connection_string, "sessions")
        if "session_pieces" in row and (document := _document(row, "session"))
    }


def _copies(entry: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    lost = entry.get("lost", ())
    return tuple(copy for copy in entry.get("copies", ()) if copy not in lost)


def _recording(
    node: str, name: str, match: re.Match[str], container: ContainerClient, document: bytes
) -> StoredRecording:
    digest = hashlib.sha256()
    size = 0
    for chunk in container.download_blob(name).chunks():
        digest.update(chunk)
        size += len(chunk)
    return StoredRecording(
        node=node,
        path=name,
        source=match["source"],
        day=f"{match['year']}-{match['month']}-{match['day']}",
        conversation_id=match["conversation"],
        recording_id=match["recording"],
        size=size,
        sha256=digest.hexdigest(),
        sidecar=_object(document),
    )


def _object(document: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(document)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _document(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    pieces = [str(row[f"{name}{number or ''}"]) for number in range(int(row[f"{name}_pieces"]))]
    return dict(json.loads("".join(pieces)))


def _rows(connection_string: str, table: str) -> Iterator[Mapping[str, Any]]:
    with TableServiceClient.from_connection_string(connection_string) as service:
        yield from service.get_table_client(table).list_entities()
