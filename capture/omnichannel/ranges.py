"""A recording's file through the Web API itself, 4 MiB a call, for where there are no links.

Microsoft Learn: "Use file column data", download in chunks.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager

import requests

from capture.errors import Mangled, Permanent, Waiting
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
    first = _first(api, path)
    size = _total(first)
    chunks = pieces(first, _WHOM) if first.status_code == 200 else _all_ranges(api, path, first, size)
    with closing(first), closing(chunks):
        yield Download(
            file_name=first.headers.get("x-ms-file-name"),
            size=size,
            media_type=first.headers.get("mimetype"),
            chunks=chunks,
        )


def _all_ranges(api: WebApi, path: str, first: requests.Response, size: int | None) -> Generator[bytes]:
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
        response = _opened(api, path, _range_from(done))
        if response.status_code != 206 or _total(response) != size:
            response.close()
            raise Mangled(f"{_WHOM} answers the range from {done} with something else, or with another file")


def _first(api: WebApi, path: str) -> requests.Response:
    try:
        return _opened(api, path, _range_from(0))
    except Permanent:
        # An environment with its own encryption key sends no chunks, and of an empty file there is no range. What it
        # answers then is not documented, so any refusal leads here: the file as a whole.
        return _opened(api, path, {})


def _range_from(start: int) -> dict[str, str]:
    return {"Range": f"bytes={start}-{start + _RANGE - 1}"}


def _opened(api: WebApi, path: str, headers: Mapping[str, str]) -> requests.Response:
    try:
        response = api.open(path, {"Accept": "*/*", "Accept-Encoding": "identity", **headers})
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
