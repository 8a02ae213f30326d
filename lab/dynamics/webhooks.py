"""Sends webhooks: for every write of a row for which a step is registered, a post to the step's endpoint.

As Dataverse does (Microsoft Learn, "Use webhooks"): asynchronously, in no particular order, 60 seconds of patience,
one more try after 502, 503 and 504 and none after anything else.
"""

import queue
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree as ET

import requests

from lab.dynamics.execution_context import Occasion, body_of, logical_name
from lab.dynamics.faults import FaultKind
from lab.dynamics.organisation import Organisation
from lab.dynamics.tables import Row, Written
from lab.dynamics.webhook_figures import Figures

SENDERS_AN_ENDPOINT = 16
"""Threads; each endpoint has its own, so that one that hangs holds no other up."""
PATIENCE_SECONDS = 60.0
AGAIN_SECONDS = 0.5
"""Time before the one more try; the documentation does not say how long it is."""
TRIED_AGAIN = (502, 503, 504)
WEBHOOK_KEY, HTTP_HEADER, HTTP_QUERY_STRING = 4, 5, 6
UPDATE_ONLY = "Update"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post that is due."""

    event_id: str
    endpoint: str
    url: str
    body: bytes
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0


class Webhooks:
    """Listens to the tables and sends while the context is open."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._queues: dict[str, queue.SimpleQueue[Delivery]] = {}
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Connection"] = "close"
        self._stopped = False
        self.figures = Figures()

    def __enter__(self) -> Self:
        self._organisation.tables.heard = self.heard
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._organisation.tables.heard = None
        self._stopped = True

    def heard(self, written: Written) -> None:
        """Take down every post that a write leads to; the caller holds the organisation's lock."""
        correlation = str(uuid.uuid4())
        for step in self._steps(written):
            endpoint = self._organisation.tables["serviceendpoint"].get(step["_eventhandler_value"])
            if endpoint is not None:
                self._take_down(written, step, endpoint, correlation)

    def _steps(self, written: Written) -> Iterator[Row]:
        tables, message = self._organisation.tables, "Create" if written.created else UPDATE_ONLY
        changed = {logical_name(column) for column in written.columns}
        for step in tables["sdkmessageprocessingstep"]:
            known = tables["sdkmessagefilter"].get(step.get("_sdkmessagefilterid_value"))
            of = tables["sdkmessage"].get(step["_sdkmessageid_value"])
            if known is None or of is None or step.get("statecode") != 0:
                continue
            if known["primaryobjecttypecode"] != written.table.name or of["name"] != message:
                continue
            wanted = _names(step.get("filteringattributes"))
            if message != UPDATE_ONLY or wanted is None or not changed.isdisjoint(wanted):
                yield step

    def _take_down(self, written: Written, step: Row, endpoint: Row, correlation: str) -> None:
        organisation, step_id = self._organisation, step["sdkmessageprocessingstepid"]
        occasion = Occasion(
            organisation.options.name,
            organisation.clock(),
            str(uuid.uuid4()),
            correlation,
            step_id,
            self._image(step_id),
        )

        def struck(kind: FaultKind) -> Any:  # noqa: ANN401 - a fault or None
            return organisation.faults.strike(kind, client_id=endpoint["name"], operation=written.table.set_name)

        event_id = f"{occasion.operation_id}:{step_id}"
        if struck(FaultKind.SUPPRESS_WEBHOOK):
            self.figures.suppressed(endpoint["name"], event_id)
            return
        body, cut = body_of(written, occasion, cut=struck(FaultKind.CUT_WEBHOOK) is not None)
        delivery = _authenticated(Delivery(event_id, endpoint["name"], endpoint["url"], body), endpoint)
        delivery.headers.update(
            {
                "Content-Type": "application/json",
                "x-ms-dynamics-organization": f"{organisation.options.name}.crm.dynamics.com",
                "x-ms-dynamics-entity-name": written.table.name,
                "x-ms-dynamics-request-name": "Create" if written.created else UPDATE_ONLY,
                "x-ms-correlation-request-id": correlation,
                "x-request-id": str(uuid.uuid4()),
                **({"x-ms-dynamics-msg-size-exceeded": "true"} if cut else {}),
            }
        )
        if (late := struck(FaultKind.LATE_WEBHOOK)) is not None:
            delivery = replace(delivery, wait_seconds=late.delay_seconds)
        for _ in range(2 if struck(FaultKind.DUPLICATE_WEBHOOK) else 1):
            self.figures.due(delivery.endpoint, delivery.url)
            self._queue(endpoint["serviceendpointid"]).put(delivery)

    def _image(self, step_id: str) -> tuple[str, frozenset[str] | None] | None:
        images = self._organisation.tables["sdkmessageprocessingstepimage"]
        for image in images.having("_sdkmessageprocessingstepid_value", [step_id]):
            if image["imagetype"] in (1, 2):
                return image["entityalias"], _names(image.get("attributes"))
        return None

    def _queue(self, endpoint_id: str) -> queue.SimpleQueue[Delivery]:
        if endpoint_id not in self._queues:
            made = self._queues[endpoint_id] = queue.SimpleQueue()
            for _ in range(SENDERS_AN_ENDPOINT):
                threading.Thread(target=self._send_on, args=(made,), name="webhooks", daemon=True).start()
        return self._queues[endpoint_id]

    def _send_on(self, waiting: queue.SimpleQueue[Delivery]) -> None:
        while not self._stopped:
            try:
                delivery = waiting.get(timeout=1)
            except queue.Empty:
                continue
            time.sleep(delivery.wait_seconds)
            began = time.monotonic()
            status = self._posted(delivery)
            if status in TRIED_AGAIN:
                self.figures.tried(delivery.endpoint, status, time.monotonic() - began)
                time.sleep(AGAIN_SECONDS)
                began = time.monotonic()
                status = self._posted(delivery)
            self.figures.tried(delivery.endpoint, status, time.monotonic() - began)
            self.figures.ended(delivery.endpoint, delivery.event_id, acknowledged=200 <= status < 300)

    def _posted(self, delivery: Delivery) -> int:
        """Post once; 0 stands for no answer."""
        try:
            return self._http.post(
                delivery.url,
                data=delivery.body,
                params=delivery.query,
                headers=delivery.headers,
                timeout=PATIENCE_SECONDS,
                allow_redirects=False,
            ).status_code
        except requests.RequestException:
            return 0


def _names(text: str | None) -> frozenset[str] | None:
    names = frozenset(name.strip() for name in (text or "").split(",")) - {""}
    return names or None


def _authenticated(delivery: Delivery, endpoint: Row) -> Delivery:
    value = endpoint["authvalue"]
    if endpoint["authtype"] == WEBHOOK_KEY:
        return replace(delivery, query={"code": value})
    pairs = {each.get("name", ""): each.get("value", "") for each in ET.fromstring(value).iter("setting")}  # noqa: S314
    if endpoint["authtype"] == HTTP_HEADER:
        return replace(delivery, headers=pairs)
    return replace(delivery, query=pairs)
