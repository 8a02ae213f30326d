"""What Dynamics sends with every post so that the receiver knows it. Dynamics only sends it: the receiver compares."""

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from xml.sax.saxutils import quoteattr

_KEY_MARK = "key "


class Authentication(IntEnum):
    """How the receiver knows Dynamics; the numbers are those of `authtype`."""

    WEBHOOK_KEY = 4
    HTTP_HEADER = 5


@dataclass(frozen=True, slots=True)
class Credential:
    """What is sent with every post. Its value never leaves this class but to Dynamics."""

    kind: Authentication
    secret: str
    header: str = "x-ris-secret"

    def __repr__(self) -> str:
        return f"Credential({self.kind.name})"

    @property
    def value(self) -> str:
        """`authvalue` as Dynamics takes it."""
        if self.kind is Authentication.WEBHOOK_KEY:
            return self.secret
        return f"<settings><setting name={quoteattr(self.header)} value={quoteattr(self.secret)} /></settings>"

    def mark(self, name: str) -> str:
        """Return a short fingerprint: `authvalue` cannot be read back, and a new key must be noticed."""
        return _KEY_MARK + hashlib.sha256(f"{name}\n{self.value}".encode()).hexdigest()[:8]
