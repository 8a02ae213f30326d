"""From a Functions connection to the clients of one storage account: credentials, time-outs, repeats.

A client is made once and shared by all threads: it keeps its connections open.
"""

import logging
from dataclasses import dataclass
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from capture.connection import StorageConnection
from capture.errors import SettingsError
from capture.storage.identity import credential
from capture.storage.session import StoreSession

_CONNECTIONS = 32
"""Connections kept open for each service: eight recordings at once with two blocks each, and the rest."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one try may take (seconds, to connect and between two bytes of the answer) and how often it repeats."""

    connect: float
    read: float
    repeats: int
    pause: float = 0.4


OWN_REGION = Patience(connect=3, read=20, repeats=2)
OTHER_REGION = Patience(connect=2, read=5, repeats=1)
COORDINATION = Patience(connect=2, read=2, repeats=0)
"""For leases and heartbeats: an acquire that a library repeats later than its caller believes would be a danger."""


@dataclass(frozen=True, slots=True)
class Account:
    """One storage account, reached with a certain patience. Making clients does not call the account."""

    connection: StorageConnection
    patience: Patience

    @property
    def setting(self) -> str:
        """Name of the setting that a person must look at when a credential is refused."""
        return self.connection.setting

    def blobs(self) -> BlobServiceClient:
        """Make a client of the account's blobs."""
        options = _storage_options(self.patience)
        try:
            if self.connection.connection_string is not None:
                return BlobServiceClient.from_connection_string(self.connection.connection_string, **options)
            return BlobServiceClient(_address(self.connection, "blob"), self._credential(), **options)
        except ValueError:
            raise self._unusable() from None

    def queues(self) -> QueueServiceClient:
        """Make a client of the account's queues."""
        options = _storage_options(self.patience)
        try:
            if self.connection.connection_string is not None:
                return QueueServiceClient.from_connection_string(self.connection.connection_string, **options)
            return QueueServiceClient(_address(self.connection, "queue"), self._credential(), **options)
        except ValueError:
            raise self._unusable() from None

    def tables(self) -> TableServiceClient:
        """Make a client of the account's tables."""
        options = _options(self.patience) | {
            "retry_backoff_factor": self.patience.pause,
            "retry_backoff_max": 4 * self.patience.pause,
        }
        try:
            if self.connection.connection_string is not None:
                return TableServiceClient.from_connection_string(self.connection.connection_string, **options)
            return TableServiceClient(_address(self.connection, "table"), credential=self._credential(), **options)
        except ValueError:
            raise self._unusable() from None

    def _credential(self) -> TokenCredential:
        return credential(self.connection.client_id)

    def _unusable(self) -> SettingsError:
        # What the library says may repeat a part of the connection string, so it is not passed on.
        return SettingsError([f"{self.setting}: is not a usable connection string or address"])


def _address(connection: StorageConnection, service: str) -> str:
    address = {"blob": connection.blob, "queue": connection.queue, "table": connection.table}[service]
    if address is None:
        raise SettingsError([f"{connection.setting}__{service}ServiceUri: is not set"])
    return address


def _options(patience: Patience) -> dict[str, Any]:
    return {
        "transport": _transport(patience),
        "retry_total": patience.repeats,
        "retry_connect": patience.repeats,
        "retry_read": patience.repeats,
        "retry_status": patience.repeats,
        # At INFO, which the Functions host records, the library would write a dozen lines for every call.
        "http_logging_level": logging.DEBUG,
    }


def _storage_options(patience: Patience) -> dict[str, Any]:
    # The libraries' own first pause is 15 s and more: longer than a tick, and longer than a lease. A base of 0 makes
    # every pause the same.
    return _options(patience) | {
        "initial_backoff": patience.pause,
        "increment_base": 0,
        "random_jitter_range": patience.pause / 2,
    }


def _transport(patience: Patience) -> RequestsTransport:
    session = StoreSession(_CONNECTIONS)
    return RequestsTransport(session=session, connection_timeout=patience.connect, read_timeout=patience.read)
