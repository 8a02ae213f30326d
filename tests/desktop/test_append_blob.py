"""Appending against the storage emulator, with a signature that allows to add and create and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, generate_blob_sas

from desktop_recorder.append_blob import append, create
from desktop_recorder.errors import Misplaced, NotFound, Refused, Unreachable
from desktop_recorder.wire import Wire
from lab.azurite import Azurite


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite("screens", tmp_path_factory.mktemp("azurite")) as running:
        with BlobServiceClient.from_connection_string(running.connection_string) as service:
            service.create_container("screens")
        yield running


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    yield one
    one.close()


def _signed(storage: Azurite, name: str, *, seconds: float = 60) -> str:
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    allowed = BlobSasPermissions(add=True, create=True)
    signature = generate_blob_sas(
        storage.account, "screens", name, account_key=storage.key, permission=allowed, expiry=until
    )
    return f"{storage.address('Blob')}/screens/{name}?{signature}"


def _stored(storage: Azurite, name: str) -> bytes:
    with BlobServiceClient.from_connection_string(storage.connection_string) as service:
        return service.get_blob_client("screens", name).download_blob().readall()


def test_a_repeat_changes_nothing(storage: Azurite, wire: Wire) -> None:
    url = _signed(storage, "pc/s/a-1.mp4")
    create(wire, url)
    append(wire, url, 0, b"one")
    create(wire, url)
    with pytest.raises(Misplaced) as misplaced:
        append(wire, url, 0, b"one")
    assert misplaced.value.offset in {None, 3}
    append(wire, url, 3, b"two")
    assert _stored(storage, "pc/s/a-1.mp4") == b"onetwo"


def test_what_is_wrong_is_told_apart(storage: Azurite, wire: Wire) -> None:
    with pytest.raises(NotFound):
        append(wire, _signed(storage, "none.mp4"), 0, b"one")
    with pytest.raises(Refused):
        create(wire, _signed(storage, "late.mp4", seconds=-60))
    with pytest.raises(Refused):
        create(wire, _signed(storage, "late.mp4").replace("late.mp4", "other.mp4"))
    with pytest.raises(Unreachable) as silent:
        create(wire, "http://127.0.0.1:9/screens/x.mp4?sig=secret")
    assert "secret" not in str(silent.value)


def test_the_signature_does_not_allow_to_read(storage: Azurite, wire: Wire) -> None:
    url = _signed(storage, "mine.mp4")
    create(wire, url)
    with pytest.raises(Refused):
        wire.call("GET", url)
