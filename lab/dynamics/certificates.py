"""The certificate authority of the lab and the bundles by which clients trust it."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme

NAMES = ("localhost", "127.0.0.1", "*.localhost")


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files that clients need, and the context that the server speaks with."""

    authority: Path
    bundle: Path
    """The authority together with the public roots, for clients that talk to both."""
    server: ssl.SSLContext


def certificates(folder: Path) -> Certificates:
    """Return the certificates in a folder; an authority that is already there goes on, so that bundles stay valid."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, key, bundle = folder / "ca.pem", folder / "ca.key", folder / "bundle.pem"
    if authority.exists() and key.exists():
        ca = trustme.CA.from_pem(authority.read_bytes(), key.read_bytes())
    else:
        ca = trustme.CA(organization_name="Lab of the capture pair")
        key.touch(mode=0o600)
        key.write_bytes(ca.private_key_pem.bytes())
        authority.write_bytes(ca.cert_pem.bytes())
    bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + ca.cert_pem.bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*NAMES).configure_cert(context)
    return Certificates(authority, bundle, context)
