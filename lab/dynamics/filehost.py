"""The host behind the download addresses: Azure Blob Storage as far as a SAS download sees it."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.dynamics.downloads import file_response
from lab.dynamics.faults import ANYWHERE, Fault, FaultKind, Place
from lab.dynamics.organisation import Organisation


class FileHost:
    """Opens a file to whoever brings a signature that is valid now."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation

    def routes(self) -> list[Route]:
        """Return the route of the files."""
        return [Route("/files/{file_id}", self.answer)]

    async def answer(self, request: Request) -> Response:
        """Answer one download, and count it."""
        organisation, client_id = self._organisation, request.query_params.get("skoid", "")
        kinds = (FaultKind.SAS_FORBIDDEN, *ANYWHERE)
        fault = organisation.faults.strike(*kinds, place=Place.FILES, client_id=client_id)
        if fault is not None and fault.kind is FaultKind.LATE_ANSWER:
            await asyncio.sleep(fault.delay_seconds)
            fault = None
        response = self._opened(request, client_id) if fault is None else _faulty(fault)
        organisation.statistics.note_download(client_id, response.status_code)
        return response

    def _opened(self, request: Request, client_id: str) -> Response:
        organisation, file_id = self._organisation, request.path_params["file_id"]
        refusal = organisation.signatures.refusal(file_id, request.query_params, organisation.clock())
        if refusal is not None:
            return _storage_error(403, "AuthenticationFailed", f"Server failed to authenticate the request. {refusal}")
        file = organisation.files.get(file_id)
        if file is None:
            return _storage_error(404, "BlobNotFound", "The specified blob does not exist.")
        headers = {"ETag": f'"{file.file_id}"', "x-ms-blob-type": "BlockBlob"}
        return file_response(organisation, file, request.headers.get("range"), headers, client_id=client_id)


def _faulty(fault: Fault) -> Response:
    match fault.kind:
        case FaultKind.SAS_FORBIDDEN:
            # what a tenant answers that restricts download addresses by IP
            return _storage_error(401, "AuthorizationSourceIPMismatch", "This request is not authorized.")
        case FaultKind.SERVER_ERROR:
            return _storage_error(500, "InternalError", "The server encountered an internal error.")
        case _:
            return _storage_error(503, "ServerBusy", "The server is busy.", fault.wait())


def _storage_error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, {"x-ms-error-code": code, **(headers or {})}, media_type="application/xml")
