"""A lease blob: whoever holds it may write the epoch into its metadata."""

import uuid
from collections.abc import Callable

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, ContainerClient

from capture.model.identity import Epoch, NodeName
from capture.storage.failures import NOT_ALLOWED, code_of, failures, once_more, status_of

_NAMESPACE = uuid.UUID("6f7f7c0e-2f0d-4c0c-9d3f-4a2f0d6b7a51")


def lease_id(identity: str) -> str:
    """Derive the one lease id of a node from what identifies the deployed node."""
    return str(uuid.uuid5(_NAMESPACE, identity))


class BlobLease:
    """One of the three leases, seen by one node. `container` must not repeat calls by itself."""

    def __init__(self, container: ContainerClient, setting: str, identity: str, blob_name: str = "active") -> None:
        """Take the container, the setting that names its account, and the identity of the node."""
        self._container = container
        self._blob = container.get_blob_client(blob_name)
        self._id = lease_id(identity)
        self._setting = setting

    def acquire(self, seconds: int) -> bool:
        """Take or renew; False when the other node holds it."""
        with failures(self._setting, "acquire the lease"):
            try:
                return _unless_lost(lambda: self._client().acquire(lease_duration=seconds))
            except ResourceNotFoundError as error:
                self._create(container_too=code_of(error) == "ContainerNotFound")
            return _unless_lost(lambda: self._client().acquire(lease_duration=seconds))

    def renew(self, seconds: int) -> bool:
        """Renew only; False when this node's id does not hold it any more.

        The service renews with the length that the lease was acquired with, whatever `seconds` says.
        """
        del seconds
        with failures(self._setting, "renew the lease"):
            try:
                return _unless_lost(lambda: self._client().renew())
            except ResourceNotFoundError:
                return False

    def release(self) -> None:
        """Give it up; no error when it is not held."""
        with failures(self._setting, "release the lease"):
            try:
                _unless_lost(lambda: self._client().release())
            except ResourceNotFoundError:
                return

    def reign(self) -> tuple[Epoch, NodeName | None]:
        """Read the epoch written on the blob, and by whom. Anybody may read, whoever holds the lease."""
        with failures(self._setting, "read the epoch"):
            try:
                metadata = once_more(self._blob.get_blob_properties).metadata
            except ResourceNotFoundError:
                return Epoch(0), None
        epoch, node = metadata.get("epoch", "0"), metadata.get("node")
        return Epoch(int(epoch) if epoch.isdecimal() else 0), NodeName(node) if node else None

    def write_reign(self, epoch: Epoch, node: NodeName) -> bool:
        """Write the epoch under the lease; False when the lease is not held any more."""
        with failures(self._setting, "write the epoch"):
            metadata = {"epoch": str(epoch), "node": node}
            try:
                return _unless_lost(lambda: self._blob.set_blob_metadata(metadata, lease=self._id))
            except ResourceNotFoundError:
                return False

    def _client(self) -> BlobLeaseClient:
        return BlobLeaseClient(self._blob, self._id)

    def _create(self, *, container_too: bool) -> None:
        if container_too:
            create_container(self._container)
        try:
            self._blob.upload_blob(b"", metadata={"epoch": "0"}, match_condition=MatchConditions.IfMissing)
        except HttpResponseError as error:
            # 409 when the other node has just created it, 412 when it holds the lease already.
            if status_of(error) not in (409, 412):
                raise


def create_container(container: ContainerClient) -> None:
    """Create a container unless it is there, or unless others create it: with a role that ends at the container."""
    try:
        container.create_container()
    except HttpResponseError as error:
        if code_of(error) not in ("ContainerAlreadyExists", NOT_ALLOWED):
            raise


def _unless_lost(call: Callable[[], object]) -> bool:
    """Make a call that needs the lease; False when the store says that another id holds it, or none."""
    try:
        once_more(call)
    except HttpResponseError as error:
        # All the lease codes: LeaseAlreadyPresent, LeaseIdMismatchWith..., LeaseNotPresentWith..., LeaseLost and so on.
        if status_of(error) in (409, 412) and code_of(error).startswith("Lease"):
            return False
        raise
    return True
