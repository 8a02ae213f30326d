"""Registers the product's webhooks in Dynamics: endpoints, their steps and the images of these. No clicking needed.

Microsoft Learn, "Register a webhook". A webhook is a `serviceendpoint` of contract 8. Everything of ours is found again
by its name. Registering is idempotent: what is as it should be is not touched, what differs is changed, what is no
longer wanted is removed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from capture.errors import Permanent
from capture.omnichannel import query, rows, sdk_messages
from capture.omnichannel.credential import Credential
from capture.omnichannel.rows import Row
from capture.omnichannel.steps import Steps
from capture.omnichannel.web_api import WebApi

NAME = "omnichannel-capture"
_WEBHOOK = 8
_JSON = 2


class Done(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the registration and what became of it."""

    kind: str
    name: str
    done: Done


@dataclass(frozen=True, slots=True)
class Registered:
    """One endpoint as it stands in Dynamics."""

    name: str
    url: str
    authentication: str
    steps: tuple[str, ...]
    """`Update of msdyn_ocsession` and so on."""
    disabled: tuple[str, ...] = ()


class Registration:
    """The webhooks of the product in one organisation. `name` tells them from everybody else's.

    Raises what `WebApi` raises; Permanent also when the organisation has no Omnichannel tables.
    """

    def __init__(self, api: WebApi, name: str = NAME) -> None:
        self._api = api
        self._name = name
        self._steps = Steps(api)

    def register(self, urls: Sequence[str], credential: Credential) -> list[Change]:
        """Register one endpoint for every address: one behind a load balancer, or both nodes'."""
        wanted = {self._endpoint_name(number): url for number, url in enumerate(urls, start=1)}
        found = {rows.text(row, "name") or "": row for row in self._endpoints()}
        messages = sdk_messages.messages(self._api)  # before anything is written: it may be missing
        changes: list[Change] = []
        for name, url in wanted.items():
            endpoint_id, done = self._endpoint(found.get(name), name, url, credential)
            changes.append(Change("endpoint", name, done))
            for kind, step, what in self._steps.register(endpoint_id, name, messages):
                changes.append(Change(kind, step, Done(what)))
        for name, row in found.items():
            if name not in wanted:
                changes += self._removed(row)
        return changes

    def registered(self) -> list[Registered]:
        """Return the endpoints that there are."""
        found: list[Registered] = []
        for row in self._endpoints():
            steps = self._steps.of(_id(row))
            found.append(
                Registered(
                    rows.text(row, "name") or "",
                    rows.text(row, "url") or "",
                    _authentication(row),
                    tuple(sorted(step.title for step in steps)),
                    tuple(sorted(step.title for step in steps if not step.enabled)),
                )
            )
        return found

    def remove(self) -> list[Change]:
        """Remove everything of ours."""
        return [change for row in list(self._endpoints()) for change in self._removed(row)]

    def _endpoints(self) -> Iterator[Row]:
        path = query.query(
            "serviceendpoints",
            select=query.columns("serviceendpointid", "name", "url", "authtype", "description"),
            filter=f"contract eq {_WEBHOOK} and (name eq '{self._name}' or startswith(name,'{self._name} '))",
            orderby="name asc,serviceendpointid asc",
        )
        for page in self._api.pages(path):
            yield from (row for row in page if self._is_ours(rows.text(row, "name") or ""))

    def _is_ours(self, name: str) -> bool:
        """Tell "name" and "name 2" from "name of something else"."""
        return name == self._name or name.removeprefix(f"{self._name} ").isdecimal()

    def _endpoint(self, row: Row | None, name: str, url: str, credential: Credential) -> tuple[str, Done]:
        secret: Row = {"authvalue": credential.value, "description": credential.mark(name)}
        if row is None:
            made = {"name": name, "url": url, "contract": _WEBHOOK, "messageformat": _JSON, "authtype": credential.kind}
            return self._api.create("serviceendpoints", made | secret), Done.CREATED
        endpoint_id = _id(row)
        if (row.get("url"), row.get("authtype"), row.get("description")) == (
            url,
            credential.kind,
            secret["description"],
        ):
            return endpoint_id, Done.UNCHANGED
        self._api.change(f"serviceendpoints({endpoint_id})", {"url": url, "authtype": credential.kind, **secret})
        return endpoint_id, Done.CHANGED

    def _removed(self, row: Row) -> list[Change]:
        endpoint_id = _id(row)
        changes = [Change("step", step.name, Done.REMOVED) for step in self._steps.remove(endpoint_id)]
        self._api.delete(f"serviceendpoints({endpoint_id})")
        return [*changes, Change("endpoint", rows.text(row, "name") or "", Done.REMOVED)]

    def _endpoint_name(self, number: int) -> str:
        return self._name if number == 1 else f"{self._name} {number}"


def _authentication(row: Row) -> str:
    kind: Any = row.get("authtype")
    return {4: "webhook key", 5: "header", 6: "query string"}.get(kind, str(kind))


def _id(row: Row) -> str:
    found = rows.guid(row, "serviceendpointid")
    if found is None:
        raise Permanent("serviceendpoints: the answer of Dynamics has a row without id")
    return found
