"""The nodes as a command reaches them: by HTTP, with a key from a variable that is never shown."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import requests
import typer

from capture.errors import Absent, Permanent, Transient, Unauthorized
from capture.settings import secret_in

FUNCTION_KEY, HOST_KEY = "CAPTURE_KEY", "CAPTURE_HOST_KEY"
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0

Addresses = Annotated[
    list[str],
    typer.Option("--node", envvar="CAPTURE_NODES", help="Address of a node; once for each, or both in the variable."),
]
KeyFrom = Annotated[str, typer.Option("--key-from", metavar="VARIABLE", help="Variable that holds the function key.")]
HostKeyFrom = Annotated[
    str, typer.Option("--host-key-from", metavar="VARIABLE", help="Variable that holds the host key (_master).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@dataclass(frozen=True, slots=True)
class RemoteNode:
    """One node at its address. Transient: it does not answer; Unauthorized: the key; Permanent: what it says."""

    address: str
    key: str
    variable: str

    def get(self, path: str, query: Mapping[str, str | None] | None = None) -> Any:  # noqa: ANN401  JSON
        """Read a JSON document below /api."""
        return self._document(self._send("GET", path, query=query))

    def post(self, path: str, document: object = None) -> Any:  # noqa: ANN401  JSON
        """Ask for a change below /api."""
        return self._document(self._send("POST", path, document=document))

    def piece(self, path: str, query: Mapping[str, str | None], start: int) -> tuple[bytes, int]:
        """Read bytes from `start` on, as many as the node gives, and how many there are in all."""
        answer = self._send("GET", path, query=query, headers={"Range": f"bytes={start}-"})
        if answer.status_code != 206:
            self._document(answer)
            raise Permanent(f"{self.address}: gave no piece of the recording")
        return answer.content, int(answer.headers["Content-Range"].rpartition("/")[2])

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        document: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        try:
            return requests.request(
                method,
                f"{self.address}/api/{path}",
                params={name: value for name, value in (query or {}).items() if value},
                json=document,
                headers={"x-functions-key": self.key, **(headers or {})},
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,  # the key goes to nobody else
            )
        except requests.RequestException as error:
            # Only the kind: the text of the error may hold more of the address than is wanted here.
            raise Transient(f"{self.address}: does not answer ({type(error).__name__})") from None

    def _document(self, answer: requests.Response) -> Any:  # noqa: ANN401  JSON
        try:
            document = answer.json() if answer.content else None
        except ValueError:
            document = None
        if answer.ok:
            return document
        said = document.get("error") if isinstance(document, dict) else None
        if answer.status_code in (401, 403):
            raise Unauthorized(f"{self.address}: refused the key in {self.variable}")
        if answer.status_code >= 500:
            raise Transient(f"{self.address}: {said or f'answered {answer.status_code}'}")
        kind = Absent if answer.status_code == 404 else Permanent
        raise kind(f"{self.address}: {said or f'answered {answer.status_code}; is it a node of this version?'}")


def nodes(addresses: Sequence[str], variable: str) -> list[RemoteNode]:
    """Make the nodes of the addresses; a mistake in them is one of the call."""
    if not addresses:
        raise typer.BadParameter("name at least one node, or set CAPTURE_NODES", param_hint="--node")
    key = secret_in(variable)
    if key is None:
        raise typer.BadParameter(
            f"{variable} is not set; it holds the key, and --key-from or --host-key-from names another variable",
            param_hint="--key-from",
        )
    return [RemoteNode(_address(each), key.get_secret_value(), variable) for each in addresses]


def first_answer[T](known: Sequence[RemoteNode], ask: Callable[[RemoteNode], T]) -> T:
    """Ask one node after the other until one answers; what a node says about the call itself is final."""
    failures: list[str] = []
    for node in known:
        try:
            answer = ask(node)
        except Transient as error:
            failures.append(str(error))
        else:
            return answer
    raise Transient("\n".join(failures))


def _address(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no address", param_hint="--node") from None
    if not host or parts.query or parts.username or parts.scheme not in ("https", "http"):
        raise typer.BadParameter("takes an address such as https://node.contoso.com", param_hint="--node")
    if parts.scheme == "http" and not _is_loopback(host):
        raise typer.BadParameter("must be https://: the key would travel in the clear", param_hint="--node")
    return f"{parts.scheme}://{host if ':' not in host else f'[{host}]'}{f':{port}' if port else ''}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
