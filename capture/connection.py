"""A Functions connection: a connection string, or the addresses of an account and a managed identity.

The scheme is that of the triggers (Microsoft Learn, "Develop Azure Functions", identity-based connections), so one
setting serves the queue trigger and this code: `X` holds a connection string, or `X__accountName` or
`X__blobServiceUri`, `X__queueServiceUri`, `X__tableServiceUri` name the account; `X__clientId` chooses the identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_SERVICES = ("blob", "queue", "table")


@dataclass(frozen=True, slots=True)
class StorageConnection:
    """How to reach one storage account: `connection_string`, or `blob`, `queue` and `table` addresses (https)."""

    setting: str
    connection_string: str | None = field(default=None, repr=False)
    blob: str | None = None
    queue: str | None = None
    table: str | None = None
    client_id: str | None = None

    @classmethod
    def from_env(cls, setting: str, environ: Mapping[str, str]) -> "StorageConnection | None":
        """Read the connection called `setting`, None when nothing of it is set; `problem` judges it."""
        text = environ.get(setting, "").strip()
        if text:
            return cls(setting, connection_string=text)
        account = environ.get(f"{setting}__accountName", "").strip()
        uris = {service: environ.get(f"{setting}__{service}ServiceUri", "").strip() for service in _SERVICES}
        if account:
            uris = {service: uris[service] or f"https://{account}.{service}.core.windows.net" for service in _SERVICES}
        if not any(uris.values()):
            return None
        return cls(
            setting,
            blob=uris["blob"] or None,
            queue=uris["queue"] or None,
            table=uris["table"] or None,
            client_id=environ.get(f"{setting}__clientId", "").strip() or None,
        )

    @property
    def account(self) -> str:
        """Tell accounts apart: the blob address, or the parts of the connection string that name it."""
        if self.connection_string is None:
            return (self.blob or "").rstrip("/").lower()
        parts = dict(part.partition("=")[::2] for part in self.connection_string.split(";"))
        return ";".join(
            parts.get(name, "").lower() for name in ("AccountName", "BlobEndpoint", "UseDevelopmentStorage")
        )

    def problem(self, services: tuple[str, ...]) -> str | None:
        """Say what is missing or malformed for these services (`blob`, `queue`, `table`), None when all is well."""
        if self.connection_string is not None:
            if self.connection_string.startswith("@Microsoft.KeyVault("):
                return "the Key Vault reference was not resolved"
            if "=" not in self.connection_string:
                return "is not a connection string"
            return None
        addresses = {"blob": self.blob, "queue": self.queue, "table": self.table}
        for service in services:
            address = addresses[service]
            if address is None:
                return f"neither {self.setting}__{service}ServiceUri nor {self.setting}__accountName is set"
            if not address.startswith("https://"):
                return f"the address {self.setting}__{service}ServiceUri must begin with https://"
        return None
