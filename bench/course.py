"""One round of the archive bench: storage accounts of its own, and what was put in front of the contenders."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from bench.source import Recording, Source
from lab.azurite import Azurite
from lab.organisation import SOURCE, TENANT

REGIONS = ("own", "peer", "witness")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Load:
    """Recordings of one size. Those of `warm_up` are archived before the clock runs."""

    label: str
    recordings: tuple[Recording, ...]
    warm_up: tuple[Recording, ...]

    @property
    def mib(self) -> float:
        """How much is measured, in MiB."""
        return sum(recording.size for recording in self.recordings) / MIB


@dataclass(frozen=True, slots=True)
class Course:
    """What a contender needs to know. All of them write to the same emulator, each into a container of its own."""

    source: Source
    load: Load
    urls: Mapping[str, str]
    storage: Mapping[str, Azurite]

    @property
    def target(self) -> Azurite:
        """The emulator that everybody writes to."""
        return self.storage["own"]

    @contextlib.contextmanager
    def container(self, name: str) -> Iterator[str]:
        """Make a container and delete it afterwards."""
        with BlobServiceClient.from_connection_string(self.target.connection_string) as blobs:
            blobs.create_container(name)
            try:
                yield name
            finally:
                blobs.delete_container(name)

    def settings(self, container: str) -> dict[str, str]:
        """App settings of a node that archives into `container`."""
        connections = {name: azurite.connection_string for name, azurite in self.storage.items()}
        organisation, credential = self.source.organisation, self.source.credential
        return {
            "NODE_NAME": "main",
            "PEER_NAME": "peer",
            "SOURCE_NAME": SOURCE,
            "DYNAMICS_URL": organisation.url,
            "DYNAMICS_AUTHORITY": organisation.url,
            "DYNAMICS_TENANT_ID": TENANT,
            "DYNAMICS_CLIENT_ID": credential.client_id,
            "DYNAMICS_CLIENT_SECRET": credential.secret,
            "OWN_STORAGE": connections["own"],
            "PEER_STORAGE": connections["peer"],
            "WITNESS_STORAGE": connections["witness"],
            "ARCHIVE_CONTAINER": container,
            "REQUESTS_CA_BUNDLE": str(organisation.bundle),
            "CURL_CA_BUNDLE": str(organisation.bundle),
        }


@contextlib.contextmanager
def fresh_course(source: Source, load: Load, folder: Path) -> Iterator[Course]:
    """Start three emulators for one round. They keep everything in memory, so a round ends with them."""
    with contextlib.ExitStack() as stack:
        started = {region: Azurite(f"bench{region}", folder) for region in REGIONS}
        storage = {region: stack.enter_context(azurite) for region, azurite in started.items()}
        yield Course(source, load, source.urls((*load.recordings, *load.warm_up)), storage)
