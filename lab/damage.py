"""What somebody does to the stores of a pair behind its back, with Azure's own libraries and nothing of the product."""

from collections.abc import Collection, Iterable
from itertools import batched, groupby
from typing import Any

from azure.data.tables import TableClient, UpdateMode
from azure.storage.blob import BlobServiceClient, ContentSettings

from lab.stored import ARCHIVE

EVIDENCE = "evidence"
_TRANSACTION = 100

type Rows = list[dict[str, Any]]


def ledger_copy(connection_string: str) -> Rows:
    """Copy all rows of a ledger, as a backup would."""
    with TableClient.from_connection_string(connection_string, "ledger") as table:
        return [dict(row) for row in table.list_entities()]


def restore_ledger(connection_string: str, rows: Iterable[dict[str, Any]]) -> None:
    """Make the ledger what the copy says: what has come since is gone."""
    with TableClient.from_connection_string(connection_string, "ledger") as table:
        _each(table, "delete", [dict(row) for row in table.list_entities(select=["PartitionKey", "RowKey"])])
        _each(table, "upsert", rows)


def delete_ledger_rows(connection_string: str, recordings: Collection[str]) -> None:
    """Delete the rows of these recordings."""
    with TableClient.from_connection_string(connection_string, "ledger") as table:
        found = [dict(row) for row in table.list_entities(select=["PartitionKey", "RowKey"])]
        _each(table, "delete", [row for row in found if id_of(row) in recordings])


def forget_days(connection_string: str) -> int:
    """Delete what is known of the days, so that they are read again. Return of how many days something was known."""
    with TableClient.from_connection_string(connection_string, "days") as table:
        found = [dict(row) for row in table.list_entities(select=["PartitionKey", "RowKey"])]
        _each(table, "delete", found)
    return len(found)


def remove_object(connection_string: str, path: str) -> None:
    """Delete an archived recording and the document beside it."""
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        container = blobs.get_container_client(ARCHIVE)
        container.delete_blob(path)
        container.delete_blob(f"{path.rpartition('.')[0]}.json")


def alter_object(connection_string: str, path: str) -> None:
    """Change one byte of an archived recording; length, metadata and name stay."""
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        blob = blobs.get_blob_client(ARCHIVE, path)
        properties = blob.get_blob_properties()
        content = bytearray(blob.download_blob().readall())
        content[len(content) // 2] ^= 0xFF
        blob.upload_blob(
            bytes(content),
            overwrite=True,
            metadata=properties.metadata,
            content_settings=ContentSettings(content_type=properties.content_settings.content_type),
        )


def strike_from_log(connection_string: str, node: str) -> tuple[str, str]:
    """Remove the first entry of a node's first block. Return the name of the block and the id of the recording."""
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        container = blobs.get_container_client(EVIDENCE)
        name = min(container.list_blob_names(name_starts_with=f"node={node}/"))
        head, entry, *rest = container.download_blob(name).readall().decode().splitlines()
        container.upload_blob(name, "".join(f"{line}\n" for line in (head, *rest)).encode(), overwrite=True)
    return name, entry.partition('"recording_id":"')[2].partition('"')[0]


def blocks(connection_string: str, node: str) -> int:
    """Count the entries in a node's blocks."""
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        container = blobs.get_container_client(EVIDENCE)
        names = container.list_blob_names(name_starts_with=f"node={node}/")
        return sum(len(container.download_blob(name).readall().splitlines()) - 1 for name in names)


def id_of(row: dict[str, Any]) -> str:
    """Tell which recording a row of the ledger is about."""
    return str(row["RowKey"]).rpartition("|")[2]


def _each(table: TableClient, what: str, rows: Iterable[dict[str, Any]]) -> None:
    ordered = sorted(rows, key=lambda row: str(row["PartitionKey"]))
    for _, some in groupby(ordered, key=lambda row: str(row["PartitionKey"])):
        for batch in batched(some, _TRANSACTION, strict=False):
            options = [{"mode": UpdateMode.REPLACE}] if what == "upsert" else []
            table.submit_transaction([(what, row, *options) for row in batch])
