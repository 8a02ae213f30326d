"""The steps of an endpoint: which message of which table is posted there, and the image that comes along."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from capture.omnichannel import query, rows
from capture.omnichannel.rows import Row
from capture.omnichannel.sdk_messages import Messages
from capture.omnichannel.subscriptions import (
    IMAGE_AFTER,
    IMAGE_ALIAS,
    MODE_ASYNCHRONOUS,
    STAGE_AFTER_THE_OPERATION,
    Subscription,
)
from capture.omnichannel.web_api import WebApi

_STEP_COLUMNS = query.columns(
    "sdkmessageprocessingstepid",
    "name",
    "filteringattributes",
    "statecode",
    "stage",
    "mode",
    "asyncautodelete",
    "_sdkmessageid_value",
    "_sdkmessagefilterid_value",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it stands in Dynamics."""

    id: str
    name: str
    enabled: bool
    row: Row

    @property
    def title(self) -> str:
        """What it is for, without the endpoint's name."""
        return self.name.rpartition(": ")[2]


class Steps:
    """Reads, makes and removes steps. Raises what `WebApi` raises."""

    def __init__(self, api: WebApi) -> None:
        self._api = api

    def register(self, endpoint_id: str, endpoint: str, messages: Messages) -> Iterator[tuple[str, str, str]]:
        """Make the steps of an endpoint as they should be; yield kind, name and what became of each row."""
        found = {step.name: step for step in self.of(endpoint_id)}
        images = self._images([step.id for step in found.values()])
        for subscription, (message, known) in messages.items():
            name = f"{endpoint}: {subscription.message} of {subscription.table}"
            step = found.pop(name, None)
            columns: Row = {
                "filteringattributes": ",".join(subscription.filtering) or None,
                "stage": STAGE_AFTER_THE_OPERATION,
                "mode": MODE_ASYNCHRONOUS,
                "asyncautodelete": True,  # or a system job stays behind for every event
            }
            if step is None:
                binds = {
                    "sdkmessageid@odata.bind": f"/sdkmessages({message})",
                    "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({known})",
                    "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint_id})",
                }
                plain = {"name": name, "rank": 1, "supporteddeployment": 0}
                step_id, done = self._api.create("sdkmessageprocessingsteps", {**plain, **columns, **binds}), "created"
            else:
                step_id, done = step.id, self._changed(step, columns)
            yield "step", name, done
            yield "image", name, self._image(step_id, subscription, images.get(step_id))
        for name, step in found.items():
            self._api.delete(f"sdkmessageprocessingsteps({step.id})")
            yield "step", name, "removed"

    def of(self, endpoint_id: str) -> list[Step]:
        """Return the steps of an endpoint."""
        path = query.query(
            "sdkmessageprocessingsteps", select=_STEP_COLUMNS, filter=f"_eventhandler_value eq {endpoint_id}"
        )
        return [
            Step(found, rows.text(row, "name") or "", row.get("statecode") == 0, row)
            for row in self._rows(path)
            if (found := rows.guid(row, "sdkmessageprocessingstepid")) is not None
        ]

    def remove(self, endpoint_id: str) -> list[Step]:
        """Remove the steps of an endpoint, with their images; return them."""
        steps = self.of(endpoint_id)
        for step in steps:
            self._api.delete(f"sdkmessageprocessingsteps({step.id})")
        return steps

    def _changed(self, step: Step, columns: Row) -> str:
        # A step that somebody disabled is enabled again: whoever registers wants to be told.
        wanted = {**columns, "statecode": 0}
        filtering = wanted.pop("filteringattributes")
        same = all(step.row.get(column) == value for column, value in wanted.items())
        if same and _names(step.row.get("filteringattributes")) == _names(filtering):
            return "unchanged"
        enabled: Row = {} if step.enabled else {"statecode": 0, "statuscode": 1}
        self._api.change(f"sdkmessageprocessingsteps({step.id})", {**columns, **enabled})
        return "changed"

    def _images(self, step_ids: list[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for some in query.slices(step_ids):
            path = query.query(
                "sdkmessageprocessingstepimages",
                select=query.columns(
                    "sdkmessageprocessingstepimageid", "_sdkmessageprocessingstepid_value", "attributes", "entityalias"
                ),
                filter=f"({query.any_of('_sdkmessageprocessingstepid_value', some)}) and imagetype eq {IMAGE_AFTER}",
            )
            for row in self._rows(path):
                if (step_id := rows.guid(row, "_sdkmessageprocessingstepid_value")) is not None:
                    found[step_id] = row
        return found

    def _image(self, step_id: str, subscription: Subscription, row: Row | None) -> str:
        attributes = ",".join(subscription.image)
        if row is None:
            made: Row = {
                "name": IMAGE_ALIAS,
                "entityalias": IMAGE_ALIAS,
                "imagetype": IMAGE_AFTER,
                "messagepropertyname": subscription.image_of,
                "attributes": attributes,
                "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step_id})",
            }
            self._api.create("sdkmessageprocessingstepimages", made)
            return "created"
        if _names(row.get("attributes")) == frozenset(subscription.image):
            return "unchanged"
        image_id = rows.guid(row, "sdkmessageprocessingstepimageid")
        self._api.change(f"sdkmessageprocessingstepimages({image_id})", {"attributes": attributes})
        return "changed"

    def _rows(self, path: str) -> Iterator[Row]:
        return chain.from_iterable(self._api.pages(path))


def _names(text: object) -> frozenset[str]:
    """Read a list of columns, whose order Dynamics may choose."""
    parts = text.split(",") if isinstance(text, str) else []
    return frozenset(part.strip() for part in parts) - {""}
