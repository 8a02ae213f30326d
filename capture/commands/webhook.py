"""Webhooks of the Dynamics organisation: register, list, remove. Secrets come from variables and are never shown."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer

from capture.commands.answers import answer, table_of, told
from capture.commands.dynamics import registration
from capture.commands.secret import secret_of
from capture.omnichannel.credential import Authentication, Credential
from capture.omnichannel.registration import NAME, Change

RECEIVER = "/api/recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter"
HEADER_RECEIVER = f"{RECEIVER}/header"

webhook = typer.Typer(help="Webhooks of the Dynamics organisation.", no_args_is_help=True)

Name = Annotated[str, typer.Option(help="Name of the endpoints in Dynamics, by which they are found again.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@webhook.command()
def register(
    url: Annotated[
        str, typer.Option(help="Address of the load balancer, or of the first node. Without a path: the usual one.")
    ],
    url2: Annotated[
        str | None, typer.Option(help="Address of the second node, if each node is to get every event.")
    ] = None,
    key_from: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="Variable that holds the function key (?code=).")
    ] = None,
    header_secret_from: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="Variable that holds the secret of the header x-ris-secret.")
    ] = None,
    name: Name = NAME,
    as_json: AsJson = False,
) -> None:
    """Register the webhook and its steps. Again changes nothing; another address, key or list of columns is taken."""
    credential = _credential(key_from, header_secret_from)
    given = [("--url", url)] + ([("--url2", url2)] if url2 is not None else [])
    urls = [_address(each, option, credential.kind) for option, each in given]
    if len(set(urls)) < len(urls):
        raise typer.BadParameter("is the same as --url", param_hint="--url2")
    with told():
        _show(registration(_checked(name)).register(urls, credential), as_json=as_json)


@webhook.command("list")
def list_(name: Name = NAME, as_json: AsJson = False) -> None:
    """Show what is registered. Keys cannot be read back."""
    with told():
        found = registration(_checked(name)).registered()
    endpoints = [[each.name, each.url, each.authentication] for each in found]
    steps = [
        [each.name, step, "disabled" if step in each.disabled else "enabled"] for each in found for step in each.steps
    ]
    answer(
        [asdict(each) for each in found],
        as_json=as_json,
        tables=lambda: [
            table_of(["endpoint", "address", "authentication"], endpoints),
            table_of(["endpoint", "step", "state"], steps),
        ],
    )


@webhook.command()
def remove(
    name: Name = NAME,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove the endpoints and their steps: Dynamics then tells nothing of sessions any more."""
    checked = _checked(name)
    if not yes:
        typer.confirm(f"Remove the webhook {checked!r} and its steps?", abort=True, err=True)
    with told():
        _show(registration(checked).remove(), as_json=as_json)


def _show(changes: Sequence[Change], *, as_json: bool) -> None:
    lines = [[each.kind, each.name, each.done] for each in changes]
    answer(
        [asdict(each) for each in changes], as_json=as_json, tables=lambda: [table_of(["row", "name", "what"], lines)]
    )


def _credential(key_from: str | None, header_secret_from: str | None) -> Credential:
    if (key_from is None) == (header_secret_from is None):
        raise typer.BadParameter("give exactly one of them", param_hint="--key-from, --header-secret-from")
    if key_from is not None:
        return Credential(Authentication.WEBHOOK_KEY, secret_of(key_from, "--key-from"))
    return Credential(Authentication.HTTP_HEADER, secret_of(header_secret_from or "", "--header-secret-from"))


def _checked(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}", name):
        raise typer.BadParameter("takes letters, digits, spaces, dots and hyphens", param_hint="--name")
    return name


def _address(url: str, option: str, kind: Authentication) -> str:
    """Check an address as Dynamics will, and add the usual path; on this machine itself http will do, for a lab."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise typer.BadParameter("is no address", param_hint=option) from None
    if parts.query or parts.fragment or parts.username or parts.password:
        raise typer.BadParameter("takes no key: --key-from does", param_hint=option)
    local = parts.scheme in ("http", "https") and _is_loopback(parts.hostname)
    if not parts.hostname or not (local or (parts.scheme == "https" and port in (None, 443))):
        raise typer.BadParameter("must be an https:// address on port 443: Dynamics takes no other", param_hint=option)
    path = parts.path if parts.path not in ("", "/") else None
    return f"{parts.scheme}://{parts.netloc}{path or _RECEIVERS[kind]}"


_RECEIVERS = {Authentication.WEBHOOK_KEY: RECEIVER, Authentication.HTTP_HEADER: HEADER_RECEIVER}


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
