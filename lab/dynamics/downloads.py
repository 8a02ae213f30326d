"""Answers that carry a recording's bytes: whole or a range, and spoiled where a fault asks for it."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from lab.dynamics.faults import Fault, FaultKind, Place
from lab.dynamics.media import RecordingFile
from lab.dynamics.organisation import Organisation

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
SPOILED = (
    FaultKind.CUT_BODY,
    FaultKind.ERROR_PAGE,
    FaultKind.ERROR_JSON,
    FaultKind.SLOW_BYTES,
    FaultKind.ZERO_BYTES,
    FaultKind.WRONG_LENGTH,
)
SLICES_PER_SECOND = 10
ERROR_PAGE = "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h1>Our services aren't \
available right now</h1><p>We're working to restore all services as soon as possible.</p></body></html>"
ERROR_JSON = {"error": {"code": "0x80040216", "message": "An unexpected error occurred."}}


class ConnectionCut(Exception):
    """Breaks a response off in the middle: the server closes the connection."""


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from start to before end."""

    start: int
    end: int


def requested_span(header: str | None, size: int) -> Span | None:
    """Return the span of a Range header, the whole without one, and None if it cannot be satisfied."""
    match = RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return Span(0, size)
    first, last = match.groups()
    if first == "":
        return Span(max(0, size - int(last)), size) if int(last) else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    return Span(start, end) if start < end else None


def file_response(
    organisation: Organisation,
    file: RecordingFile,
    range_header: str | None,
    headers: Mapping[str, str],
    *,
    client_id: str,
    media_type: str | None = None,
) -> Response:
    """Return the answer for a file, or what a fault makes of it."""
    fault = organisation.faults.strike(*SPOILED, place=Place.FILES, client_id=client_id)
    kind = fault.kind if fault else None
    if kind is FaultKind.ERROR_PAGE:
        return HTMLResponse(ERROR_PAGE)
    if kind is FaultKind.ERROR_JSON:
        return JSONResponse(ERROR_JSON)
    if kind is FaultKind.ZERO_BYTES:
        return Response(b"", media_type=file.media_type)
    size = file.size * 3 // 4 if kind is FaultKind.WRONG_LENGTH else file.size
    span = requested_span(range_header, size)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    partial = range_header is not None and RANGE.fullmatch(range_header) is not None
    sent = {"Content-Length": str(span.end - span.start), "Accept-Ranges": "bytes", **headers}
    if partial:
        sent["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    return StreamingResponse(
        _body(organisation, file, span, fault),
        206 if partial else 200,
        headers=sent,
        media_type=media_type or file.media_type,
    )


async def _body(
    organisation: Organisation, file: RecordingFile, span: Span, fault: Fault | None
) -> AsyncIterator[bytes | memoryview]:
    cut = span.start + (span.end - span.start) // 2 if fault and fault.kind is FaultKind.CUT_BODY else None
    pieces = file.slices(span.start, span.end if cut is None else cut)
    slow = fault is not None and fault.kind is FaultKind.SLOW_BYTES
    step = max(1, fault.bytes_per_second // SLICES_PER_SECOND) if slow and fault else 0
    for piece in pieces:
        for offset in range(0, len(piece), step or len(piece)):
            part = piece[offset : offset + (step or len(piece))]
            organisation.statistics.note_bytes(len(part))
            yield part
            # also lets other downloads and a disconnect have their turn
            await asyncio.sleep(1 / SLICES_PER_SECOND if slow else 0)
    if cut is not None:
        raise ConnectionCut
