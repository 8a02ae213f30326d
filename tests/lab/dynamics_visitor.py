"""A client of the simulated organisation for its tests: plain requests, nothing of the product."""

from types import TracebackType
from typing import Any, Self

import requests

from lab.dynamics.server import RunningOrganisation

ROOT = "/api/data/v9.2/"


class Visitor:
    """Asks the running organisation as one registered client."""

    def __init__(self, running: RunningOrganisation, client_id: str = "capture-main") -> None:
        self.running, self.client_id = running, client_id
        self.session = requests.Session()
        # the environment may name another bundle, which would win over `verify`
        self.session.trust_env = False
        self.session.verify = str(running.ca)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def token(self, **changes: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.running.organisation.options.clients[self.client_id],
            "scope": f"{self.running.url}/.default",
        }
        return self.session.post(f"{self.running.url}/tenant/oauth2/v2.0/token", data=form | changes, timeout=10)

    def sign_in(self) -> Self:
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"
        return self

    def get(self, path: str, options: dict[str, str] | None = None, **headers: str) -> requests.Response:
        address = path if path.startswith("https:") else self.running.url + ROOT + path
        return self.session.get(address, params=options, headers=headers, timeout=10)

    def write(self, method: str, path: str, row: dict[str, Any] | None = None) -> requests.Response:
        return self.session.request(method, self.running.url + ROOT + path, json=row, timeout=10)

    def made(self, set_name: str, **row: Any) -> str:  # noqa: ANN401 - JSON
        answer = self.write("POST", set_name, row)
        assert answer.status_code == 204, answer.text
        return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")

    def rows(self, path: str, options: dict[str, str] | None = None, **headers: str) -> list[dict[str, Any]]:
        answer = self.get(path, options, **headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["value"]
        return found

    def pages(self, path: str, options: dict[str, str], size: int) -> list[list[dict[str, Any]]]:
        found, address = [], path
        given: dict[str, str] | None = options
        while address:
            page = self.get(address, given, Prefer=f"odata.maxpagesize={size}").json()
            found.append(page["value"])
            address, given = page.get("@odata.nextLink", ""), None
        return found

    def file_address(self, recording_id: str) -> requests.Response:
        call = "GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')"
        return self.get(call, {"@p1": f"{{'@odata.id':'msdyn_ocrecordings({recording_id})'}}"})

    def download(self, recording_id: str, **headers: str) -> requests.Response:
        address = self.file_address(recording_id).json()["Result"]["SasUrl"]
        return self.session.get(address, headers=headers, timeout=10)

    def lab(self, method: str, path: str, **body: Any) -> Any:  # noqa: ANN401 - JSON
        answer = self.session.request(method, f"{self.running.files_url}/lab/{path}", json=body or None, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()
