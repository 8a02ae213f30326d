"""Reading the body of an open response in pieces."""

from collections.abc import Generator

import requests
from urllib3.exceptions import HTTPError, IncompleteRead

from capture.errors import Mangled
from capture.omnichannel.transport import unreachable

_PIECE = 1024 * 1024
"""Bytes read at once. Larger pieces are no faster, smaller ones cost the reader of each."""


def pieces(response: requests.Response, whom: str) -> Generator[bytes]:
    """Yield the bytes as they were sent. Transient when the connection fails, Mangled when the body ends too early."""
    try:
        # The raw stream: `iter_content` is a fifth slower and would decode what must be kept as it is.
        while piece := response.raw.read(_PIECE, decode_content=False):
            yield piece
    except (HTTPError, OSError) as error:
        if isinstance(error, IncompleteRead) or isinstance(error.__cause__, IncompleteRead):
            raise Mangled(f"{whom} ended the body too early") from None
        raise unreachable(error, whom) from None
