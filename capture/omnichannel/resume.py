"""A long download that is cut goes on where it broke, instead of from zero."""

from collections.abc import Iterator
from contextlib import closing

import requests

from capture.errors import CaptureError, Mangled, Transient
from capture.omnichannel.body import pieces
from capture.omnichannel.sas import DOWNLOAD_HOST, Link, follow

_MOST = 5
"""Cuts of one download that are mended; the next one fails it."""


def resumed(http: requests.Session, link: Link, first: requests.Response) -> Iterator[bytes]:
    """Yield the bytes of the file; the caller closes `first`.

    After a cut the rest is asked for under the same link, provided that some bytes came and that the file is surely
    the same one (its ETag, RFC 9110 section 13.1.1). Otherwise the cut is raised: Transient or Mangled.
    """
    etag = first.headers.get("ETag", "")
    response, done = first, 0
    for cuts in range(_MOST + 1):
        came = 0
        try:
            for piece in pieces(response, DOWNLOAD_HOST):
                came += len(piece)
                yield piece
        except (Transient, Mangled) as cut:
            done += came
            response.close()
            if came == 0 or cuts == _MOST or not etag or etag.startswith("W/"):
                raise
            response = _rest(http, link, etag, done, cut)
        else:
            response.close()
            return


def _rest(http: requests.Session, link: Link, etag: str, start: int, cut: CaptureError) -> requests.Response:
    response = follow(http, link, {"Range": f"bytes={start}-", "If-Match": etag})
    if response is None:
        raise cut
    if response.status_code != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        with closing(response):
            raise cut
    return response
