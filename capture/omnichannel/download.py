"""Opening a recording's file: by a fresh link, or by ranges where links are refused."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import requests

from capture.model.identity import RecordingId
from capture.omnichannel.ranges import by_ranges
from capture.omnichannel.resume import resumed
from capture.omnichannel.sas import follow, link_to
from capture.omnichannel.web_api import WebApi
from capture.ports import Clock, Download

_REMEMBERED_SECONDS = 600.0
"""For so long a node that may not use links does not ask for them."""


class Downloads:
    """Downloads of this node. Threads may share it.

    Waiting without a file, Transient when something cannot be reached or the link has run out, Mangled when what
    comes is cut or unexpected.
    """

    def __init__(self, api: WebApi, http: requests.Session, clock: Clock) -> None:
        self._api = api
        self._http = http
        self._clock = clock
        self._no_links_until = float("-inf")

    @contextmanager
    def open(self, recording_id: RecordingId) -> Iterator[Download]:
        """Start a download with a fresh link, or without links."""
        if self._clock.monotonic() >= self._no_links_until:
            link = link_to(self._api, recording_id)
            response = None if link is None else follow(self._http, link)
            if link is not None and response is not None:
                with closing(response):
                    yield Download(
                        file_name=link.file_name,
                        size=link.size if link.size is not None else _length(response),
                        media_type=link.media_type or response.headers.get("Content-Type"),
                        chunks=resumed(self._http, link, response),
                    )
                return
        with by_ranges(self._api, recording_id) as download:
            # Remembered only now that the ranges work: a recording without a file may be refused a link, too.
            if self._clock.monotonic() >= self._no_links_until:
                self._no_links_until = self._clock.monotonic() + _REMEMBERED_SECONDS
            yield download


def _length(response: requests.Response) -> int | None:
    said = response.headers.get("Content-Length", "")
    return int(said) if said.isdecimal() else None
