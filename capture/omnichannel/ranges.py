"""A recording's file through the Web API itself, 4 MiB a call, for where there are no links.

Microsoft Learn: "Use file column data", download in chunks.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import requests

from capture.errors import Mangled, Waiting
from capture.model.identity import RecordingId
from capture.omnichannel.body import pieces
from capture.omnichannel.recordings import RECORDINGS
from capture.omnichannel.refusal import Missing
from capture.omnichannel.web_api import WebApi
from capture.ports import Download

_RANGE = 4 * 1024 * 1024
_WHOM = "Dynamics"


@contextmanager
def by_ranges(api: WebApi, recording_id: RecordingId) -> Iterator[Download]:
    """Open the file. Waiting when there is none (yet); a token that ends meanwhile is renewed on the way."""
    path = f"{RECORDINGS}({recording_id})/msdyn_recording/$value"
    first = _range(api, path, 0)
    with closing(first):
        size = _total(first)
        yield Download(
            file_name=first.headers.get("x-ms-file-name"),
            size=size,
            media_type=first.headers.get("mimetype"),
            chunks=pieces(first, _WHOM) if first.status_code == 200 else _all_ranges(api, path, first, size),
        )


def _all_ranges(api: WebApi, path: str, first: requests.Response, size: int | None) -> Iterator[bytes]:
    response, done = first, 0
    while True:
        came = 0
        with closing(response):
            for piece in pieces(response, _WHOM):
                came += len(piece)
                yield piece
        done += came
        # Without a total the file ends with the first range that is not full.
        if done >= size if size is not None else came < _RANGE:
            return
        if came == 0:
            raise Mangled(f"{_WHOM} sends no more after {done} of {size} bytes")
        response = _range(api, path, done)
        if response.status_code != 206 or _total(response) != size:
            response.close()
            raise Mangled("the file has changed while it was read")


def _range(api: WebApi, path: str, start: int) -> requests.Response:
    try:
        response = api.open(
            path,
            {"Accept": "*/*", "Accept-Encoding": "identity", "Range": f"bytes={start}-{start + _RANGE - 1}"},
        )
    except Missing as error:
        raise Waiting(f"no file yet ({error})") from None
    if response.status_code == 204:
        response.close()
        raise Waiting("no file yet (Dynamics answers 204)")
    return response


def _total(response: requests.Response) -> int | None:
    # Only x-ms-file-size is documented. A range says its whole in Content-Range, the whole file in Content-Length.
    headers = response.headers
    other = headers.get("Content-Range", "").rpartition("/")[2] or (
        headers.get("Content-Length", "") if response.status_code == 200 else ""
    )
    said = headers.get("x-ms-file-size", other)
    return int(said) if said.isdecimal() else None
