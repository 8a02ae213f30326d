"""The recordings that all contenders archive: published in a simulated organisation, which also serves their bytes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import requests

from lab.node import Credential
from lab.organisation import TENANT, Organisation
from lab.part import Part

_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Recording:
    """What was published, and the truth about it."""

    id: str
    size: int
    sha256: str


class Source(Part):
    """A running organisation with one registered client. A context manager."""

    def __init__(self, folder: Path) -> None:
        """Start its process; its log goes to `folder`."""
        self.credential = Credential(str(uuid.uuid4()), "bench")
        self.organisation = Organisation({self.credential.client_id: self.credential.secret}, folder)

    def publish(self, count: int, size: int) -> tuple[Recording, ...]:
        """Let `count` calls end, each with one recording of `size` bytes."""
        before = {truth["recording_id"] for truth in self.organisation.published(hashes=False)}
        self.organisation.publish(count, recordings_per_call=1, size_bytes=size)
        return tuple(
            Recording(truth["recording_id"], truth["size"], truth["sha256"])
            for truth in self.organisation.published()
            if truth["recording_id"] not in before
        )

    def urls(self, recordings: Sequence[Recording]) -> dict[str, str]:
        """Fetch a download address for each recording, by its id."""
        with requests.Session() as session:
            session.verify = str(self.organisation.bundle)
            session.trust_env = False
            form = {
                "grant_type": "client_credentials",
                "client_id": self.credential.client_id,
                "client_secret": self.credential.secret,
                "scope": f"{self.organisation.url}/.default",
            }
            answer = session.post(f"{self.organisation.url}/{TENANT}/oauth2/v2.0/token", data=form, timeout=_SECONDS)
            answer.raise_for_status()
            session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            return {recording.id: self._url(session, recording) for recording in recordings}

    def _url(self, session: requests.Session, recording: Recording) -> str:
        target = quote(f"{{'@odata.id':'msdyn_ocrecordings({recording.id})'}}", safe="'@:()")
        call = f"GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')?@p1={target}"
        answer = session.get(f"{self.organisation.url}/api/data/v9.2/{call}", timeout=_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["Result"]["SasUrl"])

    def _up(self) -> Self:
        self.organisation.wait()
        return self

    def stop(self) -> None:
        """End the organisation."""
        self.organisation.stop()
