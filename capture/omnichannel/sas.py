"""The fresh anonymous URL of a recording's file, and the download from it.

Microsoft Learn: "Use file column data", GetFileSasUrl. The URL opens the file to anybody for an hour: it is used once,
and stands in no message and no traceback.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import requests

from capture.errors import CaptureError, Mangled, Permanent, Transient, Unauthorized, Waiting
from capture.model.identity import RecordingId
from capture.omnichannel.recordings import RECORDINGS
from capture.omnichannel.refusal import Denied, Missing, retry_after
from capture.omnichannel.rows import text
from capture.omnichannel.transport import unreachable, was_idle_too_long
from capture.omnichannel.web_api import WebApi

DOWNLOAD_HOST = "The download host"


@dataclass(frozen=True, slots=True)
class Link:
    """Where the file is, and what Dataverse says of it."""

    url: str = field(repr=False)
    file_name: str | None
    size: int | None
    media_type: str | None


def link_to(api: WebApi, recording_id: RecordingId) -> Link | None:
    """Ask for a link. None when the organisation gives none; Waiting when there is no file (yet)."""
    target = quote(f"{{'@odata.id':'{RECORDINGS}({recording_id})'}}", safe="'@:()")
    try:
        document = api.get(f"GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')?@p1={target}")
    except Missing as error:
        raise Waiting(f"no file yet ({error})") from None
    except (Permanent, Denied) as error:
        if not _gives_no_links(error):
            raise
        return None
    result = document.get("Result")
    if not isinstance(result, dict) or (url := text(result, "SasUrl")) is None:
        return None
    if not _may_be_followed(url):
        raise Permanent("the download link is not https, so it is not followed")
    size = str(result.get("FileSizeInBytes"))
    return Link(
        url=url,
        file_name=text(result, "FileName"),
        size=int(size) if size.isdecimal() else None,
        media_type=text(result, "MimeType"),
    )


def follow(http: requests.Session, link: Link, headers: Mapping[str, str] | None = None) -> requests.Response | None:
    """Open the file behind the link; the caller closes it. None when this node may not use links at all."""
    response = _answer(http, link, headers or {})
    if response.status_code in (200, 206):
        return response
    with response:
        if _is_barred(response):
            return None
        raise _refused(response)


def _answer(http: requests.Session, link: Link, headers: Mapping[str, str], *, again: bool = True) -> requests.Response:
    try:
        # Not the session of the Web API, and no credentials from a .netrc file: the link is all that is needed.
        return http.get(
            link.url,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", **headers},
            auth=lambda request: request,
            stream=True,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        if again and was_idle_too_long(error):
            return _answer(http, link, headers, again=False)
        raise unreachable(error, DOWNLOAD_HOST) from None
    except ValueError:  # urllib3 refuses some malformed addresses with an error of its own
        raise Mangled("the download link is malformed") from None


def _gives_no_links(error: CaptureError) -> bool:
    # An environment with its own encryption key refuses links; how is not documented, so every refusal counts except
    # a privilege that is missing by name. An empty file column may be refused too: then the ranges say so.
    return not (isinstance(error, Unauthorized) and getattr(error, "privilege", None))


def _is_barred(response: requests.Response) -> bool:
    # A tenant can restrict links to its own addresses: 401 according to Microsoft Learn; the code is that of Storage.
    return response.status_code == 401 or response.headers.get("x-ms-error-code") == "AuthorizationSourceIPMismatch"


def _refused(response: requests.Response) -> CaptureError:
    status = response.status_code
    said = f"{DOWNLOAD_HOST} answers {status} {response.headers.get('x-ms-error-code', '')}".rstrip()
    if status in (204, 404):
        return Waiting(f"no file yet ({said})")
    if status in (403, 408, 429) or status >= 500:
        # 403 is a link that has run out: the next attempt has a fresh one.
        return Transient(said, retry_after=retry_after(response))
    return Mangled(said)


def _may_be_followed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https" and host:
        return True
    try:
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
