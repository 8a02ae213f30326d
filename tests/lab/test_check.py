"""The independent check finds what it is for: a check that cannot fail proves nothing."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import ContainerClient

from capture.audio.sidecar import sidecar
from capture.connection import StorageConnection
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.model.path import stem
from capture.storage.stores import Names, OwnStore, open_own_store
from lab.azurite import Azurite
from lab.check import Findings, check, unfinished
from lab.stored import ARCHIVE

SOURCE = "contoso"
CREATED = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
NODES = ("main", "peer")


@dataclass
class World:
    """Two accounts with one recording each, known to both, and the truth about them."""

    accounts: dict[str, Azurite]
    truth: list[dict[str, Any]]
    entries: list[LedgerEntry]

    @property
    def stores(self) -> dict[str, str]:
        return {node: azurite.connection_string for node, azurite in self.accounts.items()}

    def check(self) -> Findings:
        return check(self.truth, self.stores, SOURCE)

    def container(self, node: str) -> ContainerClient:
        return ContainerClient.from_connection_string(self.stores[node], ARCHIVE)

    def path(self, number: int) -> str:
        return next(iter(self.entries[number].copies)).path

    def forget(self, node: str, table: str, number: int) -> None:
        with TableServiceClient.from_connection_string(self.stores[node]) as service:
            client = service.get_table_client(table)
            for row in list(client.list_entities()):
                if self.entries[number].recording_id in row["RowKey"]:
                    client.delete_entity(row)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Azurite]]:
    folder: Path = tmp_path_factory.mktemp("azurite")
    with Azurite("omnimain", folder) as main, Azurite("omnipeer", folder) as peer:
        yield {"main": main, "peer": peer}


@pytest.fixture
def world(accounts: dict[str, Azurite]) -> Iterator[World]:
    stores = {node: _store(accounts[node]) for node in NODES}
    truth, entries = [], []
    for number, node in enumerate(NODES):
        audio = b"ID3" + bytes([number]) * 1000
        entry = _archive(stores[node], node, number, audio)
        _tell(stores, entry)
        entries.append(entry)
        truth.append(
            {
                "recording_id": entry.recording_id,
                "conversation_id": entry.conversation_id,
                "created_on": "2026-11-22T23:59:59.500Z",
                "file_on": "2026-11-23T00:00:10.000Z",
                "sha256": hashlib.sha256(audio).hexdigest(),
                "size": len(audio),
            }
        )
    yield World(accounts, truth, entries)
    for azurite in accounts.values():
        with ContainerClient.from_connection_string(azurite.connection_string, ARCHIVE) as container:
            container.delete_container()
        with TableServiceClient.from_connection_string(azurite.connection_string) as service:
            for table in ("ledger", "interactions"):
                service.delete_table(table)


def test_a_complete_world_is_good(world: World) -> None:
    findings = world.check()
    assert findings == Findings(published=2, archived=2, archived_by={"main": 1, "peer": 1}, interactions=2)
    assert findings.good
    assert unfinished(world.truth, world.stores) == 0


def test_a_recording_that_never_gets_a_file_is_not_missed(world: World) -> None:
    world.truth.append({**world.truth[0], "recording_id": "without", "file_on": None})
    assert world.check().good


def test_a_missing_blob_is_found(world: World) -> None:
    with world.container("main") as container:
        container.delete_blob(world.path(0))
    findings = world.check()
    assert findings.missing == [world.entries[0].recording_id]
    assert findings.archived == 1
    assert any("does not belong" in problem for problem in findings.problems), "its sidecar is left over"
    assert unfinished(world.truth, world.stores) == 1


def test_a_wrong_hash_is_found_although_the_metadata_claims_otherwise(world: World) -> None:
    with world.container("main") as container:
        blob = container.get_blob_client(world.path(0))
        metadata = blob.get_blob_properties().metadata
        blob.upload_blob(b"ID3" + b"\x01" * 1000, overwrite=True, metadata=metadata)
    findings = world.check()
    assert findings.hash_mismatches == [world.entries[0].recording_id]
    assert not findings.good


def test_a_second_copy_is_found(world: World) -> None:
    with world.container("main") as theirs, world.container("peer") as ours:
        for name in (world.path(0), world.path(0).replace(".mp3", ".json")):
            ours.upload_blob(name, theirs.download_blob(name).readall())
    findings = world.check()
    assert findings.duplicates == [world.entries[0].recording_id]
    assert not findings.good


def test_a_recording_that_nobody_published_is_found(world: World) -> None:
    del world.truth[1]
    assert any("was never published" in problem for problem in world.check().problems)


@pytest.mark.parametrize("node", NODES)
def test_a_missing_ledger_row_is_found_on_either_node(world: World, node: str) -> None:
    world.forget(node, "ledger", 0)
    assert world.check().problems == [f"{world.entries[0].recording_id}: 0 rows in the ledger at {node}"]
    assert unfinished(world.truth, world.stores) == 1


@pytest.mark.parametrize("node", NODES)
def test_a_missing_interaction_is_found_on_either_node(world: World, node: str) -> None:
    world.forget(node, "interactions", 1)
    findings = world.check()
    assert findings.problems == [f"{world.entries[1].recording_id}: not in its interaction at {node}"]
    assert findings.interactions == 1


def test_a_ledger_that_tells_of_another_hash_is_found(world: World) -> None:
    world.truth[0]["sha256"] = "0" * 64
    entry = world.entries[0]
    (copy,) = entry.copies
    world.forget("peer", "ledger", 0)
    lie = Copy(copy.archived_at, copy.node, copy.path, copy.size, "0" * 64, copy.media_type)
    _store(world.accounts["peer"]).ledger.merge(LedgerEntry(entry.recording_id, CREATED, copies=frozenset({lie})))
    assert any("tells of other copies" in problem for problem in world.check().problems)


def test_a_missing_sidecar_is_found(world: World) -> None:
    with world.container("peer") as container:
        container.delete_blob(world.path(1).replace(".mp3", ".json"))
    assert world.check().problems == [f"{world.entries[1].recording_id} at peer: has no sidecar"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"size": "large"}, "breaks the schema at $.size"),
        ({"version": 2}, "breaks the schema at $.version"),
        ({"sha256": "0" * 64}, "says sha256 is"),
        ({"archived_by": "peer"}, "says archived_by is 'peer'"),
    ],
)
def test_an_invalid_sidecar_is_found(world: World, change: dict[str, object], complaint: str) -> None:
    name = world.path(0).replace(".mp3", ".json")
    with world.container("main") as container:
        document = json.loads(container.download_blob(name).readall())
        container.upload_blob(name, json.dumps(document | change), overwrite=True)
    assert any(complaint in problem for problem in world.check().problems)


def test_a_path_of_the_wrong_day_or_conversation_is_found(world: World) -> None:
    world.truth[0]["created_on"] = "2026-11-23T00:00:00.000Z"
    world.truth[1]["conversation_id"] = "another"
    problems = world.check().problems
    assert any("lies under the day 2026-11-22" in problem for problem in problems)
    assert any("lies under conversation=" in problem for problem in problems)


def _store(azurite: Azurite) -> OwnStore:
    store = open_own_store(
        StorageConnection("OWN_STORAGE", azurite.connection_string),
        Names("test", "coordination", ARCHIVE, "ingest", "watermark"),
    )
    store.ensure()
    return store


def _archive(store: OwnStore, node: str, number: int, audio: bytes) -> LedgerEntry:
    recording, conversation = RecordingId(f"recording-{number}"), ConversationId(f"conversation-{number}")
    path = f"{stem(SOURCE, recording, CREATED, conversation)}.mp3"
    digest = hashlib.sha256(audio).hexdigest()
    copy = Copy(CREATED, NodeName(node), path, len(audio), digest, "audio/mpeg")
    entry = LedgerEntry(recording, CREATED, conversation, frozenset({copy}))
    upload = store.archive.upload(path)
    upload.write(audio)
    assert upload.commit(copy, entry, "callRecording.mp3")
    store.archive.put_sidecar(path, sidecar(SOURCE, entry, copy, Conversation(conversation, CREATED, finished=True)))
    return entry


def _tell(stores: dict[str, OwnStore], entry: LedgerEntry) -> None:
    assert entry.conversation_id is not None
    for store in stores.values():
        store.interactions.add(entry, Conversation(entry.conversation_id, CREATED, finished=True))
        store.ledger.merge(entry)
