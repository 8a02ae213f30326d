"""Download addresses that expire, in the shape of an Azure Storage shared access signature."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

VERSION = "2024-11-04"
FIELDS = ("sv", "st", "se", "sr", "sp", "skoid")


class Signatures:
    """Signs and checks download addresses with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def query(self, file_id: str, client_id: str, now: datetime, seconds: float) -> str:
        """Return the query string that opens a file for so many seconds; negative ones make it expired."""
        fields = {
            "sv": VERSION,
            "st": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
            "se": f"{now + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
            "sr": "b",
            "sp": "r",
            "skoid": client_id,
        }
        return urlencode(fields | {"sig": self._signature(file_id, fields)})

    def refusal(self, file_id: str, fields: Mapping[str, str], now: datetime) -> str | None:
        """Say why an address does not open the file, or None if it does."""
        if any(name not in fields for name in (*FIELDS, "sig")):
            return "Signature fields are missing."
        if not hmac.compare_digest(self._signature(file_id, fields).encode(), fields["sig"].encode()):
            return "Signature did not match."
        expiry = datetime.strptime(fields["se"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if now >= expiry:
            return f"Signature not valid in the specified time frame: Expiry [{expiry:%a, %d %b %Y %H:%M:%S GMT}]"
        return None

    def _signature(self, file_id: str, fields: Mapping[str, str]) -> str:
        text = "\n".join([file_id, *(fields[name] for name in FIELDS)])
        return base64.b64encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest()).decode()
