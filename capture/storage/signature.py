"""Addresses that allow one thing with one blob for a while: shared access signatures.

By the account's key where the connection string has one, else by a user delegation key, for which the node's identity
needs the role Storage Blob Delegator.
"""

import threading
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from azure.storage.blob import BlobSasPermissions, BlobServiceClient, UserDelegationKey, generate_blob_sas

from capture.storage.failures import failures, once_more

_SKEW = timedelta(minutes=5)
"""How far the clocks of node and store may be apart."""
_KEY_LASTS = timedelta(days=1)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Signer:
    """Signs addresses of the blobs of one account. Threads may share it."""

    def __init__(self, blobs: BlobServiceClient, setting: str) -> None:
        """Take the account's blobs and the setting that names the account."""
        self._blobs = blobs
        self._setting = setting
        self._lock = threading.Lock()
        self._key: UserDelegationKey | None = None
        self._key_until: datetime | None = None

    def address(self, container: str, name: str, may: BlobSasPermissions, now: datetime, until: datetime) -> str:
        """Make the address of one blob, good from now until then for what `may` says and nothing else.

        And over https alone, so that nobody on the way reads it; an emulator on this machine may have http.
        """
        credential = self._blobs.credential
        account_key = getattr(credential, "account_key", None)
        account_name = getattr(credential, "account_name", None) or self._blobs.account_name
        protocol = None if urlsplit(self._blobs.url).hostname in _LOOPBACK else "https"
        with failures(self._setting, "sign an address"):
            signature = generate_blob_sas(
                account_name=str(account_name),
                container_name=container,
                blob_name=name,
                account_key=account_key,
                user_delegation_key=None if account_key else self._delegation(now, until),
                permission=may,
                start=now - _SKEW,
                expiry=until,
                protocol=protocol,
            )
        return f"{self._blobs.get_blob_client(container, name).url}?{signature}"

    def _delegation(self, now: datetime, until: datetime) -> UserDelegationKey:
        """Fetch the key again when it would end before the signature does."""
        with self._lock:
            if self._key is None or self._key_until is None or self._key_until < until:
                ends = max(until, now + _KEY_LASTS)
                self._key = once_more(lambda: self._blobs.get_user_delegation_key(now - _SKEW, ends))
                self._key_until = ends
            return self._key
