"""Appending to one blob by plain REST, so that a repeat changes nothing."""

from desktop_recorder.errors import Misplaced, Refused
from desktop_recorder.spool import Sent
from desktop_recorder.wire import Wire

BLOCK = 4 * 1024 * 1024
"""Largest block that every version of the service takes."""

_THERE_ALREADY = frozenset({"UnauthorizedBlobOverwrite", "AuthorizationPermissionMismatch"})
_HEADERS = {"x-ms-version": "2021-12-02", "content-type": "application/octet-stream"}


def create(wire: Wire, url: str) -> None:
    """Create the blob when it is not there; Refused when the signature is not accepted."""
    headers = {
        **_HEADERS,
        "x-ms-blob-type": "AppendBlob",
        "x-ms-blob-content-type": "video/mp4",
        "if-none-match": "*",
    }
    try:
        wire.call("PUT", url, headers=headers, data=b"")
    except Misplaced:
        return  # there already: an earlier call whose answer was lost
    except Refused as refused:
        # To create what is there already would be to write over it, which the signature does not allow: the same case.
        if refused.code not in _THERE_ALREADY:
            raise


def append(wire: Wire, url: str, offset: int, block: bytes) -> None:
    """Append the block if the blob ends at `offset`; Misplaced when it does not."""
    separator = "&" if "?" in url else "?"
    headers = {**_HEADERS, "x-ms-blob-condition-appendpos": str(offset)}
    wire.call("PUT", f"{url}{separator}comp=appendblock", headers=headers, data=block)


def resumed(sent: Sent, misplaced: Misplaced) -> Sent | None:
    """Find where the blob ends after it was not `sent.offset`; None when nobody can tell.

    The signature does not allow to read, so the length cannot be asked. But nobody else writes: either the answer to
    an earlier sending of this block was lost and the blob ends where the block ends, or the store tells.
    """
    if misplaced.offset is not None and misplaced.offset != sent.offset:
        return Sent(created=True, offset=misplaced.offset, in_flight=misplaced.offset)
    if sent.in_flight > sent.offset:
        return Sent(created=True, offset=sent.in_flight, in_flight=sent.in_flight)
    return None
