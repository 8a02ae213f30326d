"""Heartbeats: one small blob for each node, aged by the clock of the store that holds it."""

from email.utils import parsedate_to_datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient, ContentSettings

from capture import messages
from capture.model.authority import Heartbeat
from capture.model.identity import NodeName
from capture.storage.failures import code_of, failures, once_more

_JSON = ContentSettings(content_type="application/json")


class BlobHeartbeats:
    """The heartbeats in one account."""

    def __init__(self, container: ContainerClient, setting: str) -> None:
        """Take the lease container and the setting that names its account."""
        self._container = container
        self._setting = setting

    def write(self, heartbeat: Heartbeat) -> None:
        """Replace this node's heartbeat."""
        body = messages.heartbeats.to_json(heartbeat)
        with failures(self._setting, "write the heartbeat"):
            blob = self._container.get_blob_client(_name(heartbeat.node))
            once_more(lambda: blob.upload_blob(body, overwrite=True, content_settings=_JSON))

    def read(self, node: NodeName) -> tuple[Heartbeat, float] | None:
        """Read a node's heartbeat and its age in seconds by the store's own clock, which counts whole seconds."""
        dates: list[str] = []

        def remember(response: Any) -> None:  # noqa: ANN401  the library types it as anything
            dates.append(response.http_response.headers["Date"])

        with failures(self._setting, "read the heartbeat"):
            try:
                name = _name(node)
                download = once_more(lambda: self._container.download_blob(name, raw_response_hook=remember))
            except ResourceNotFoundError as error:
                if code_of(error) == "ContainerNotFound":
                    raise
                return None
            body = download.readall()
        age = (parsedate_to_datetime(dates[-1]) - download.properties.last_modified).total_seconds()
        return messages.heartbeats.from_json(body), max(0.0, age)


def _name(node: NodeName) -> str:
    return f"heartbeat-{node}"
