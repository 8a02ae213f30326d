"""Nothing in a payload can make the reading of it fail, and what is read can be sent on."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.errors import Permanent
from capture.messages import ScreenFact, screen_facts
from capture.model.identity import NodeName
from capture.omnichannel.webhook import TABLES, every_fact_of

RECORDED = [json.loads(path.read_text()) for path in sorted((Path(__file__).parents[2] / "payloads").glob("*.json"))]
NOW = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
LARGEST_MESSAGE = 48 * 1024

ODD_TEXTS = st.sampled_from(
    ["", "/Date(0)/", "/Date(-1)/", "/Date(999999999999999)/", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00",
     "\ud800", "\x00", "{5D0F6A52-7A2F-4F6E-9D0E-000000000001}", "00000000-0000-0000-0000-000000000000", "192350002"]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**30, max_value=10**60)
    | st.floats()
    | st.text(max_size=20)
    | ODD_TEXTS
)
CONTRACTS = st.fixed_dictionaries(
    {"__type": st.sampled_from(["OptionSetValue:x", "EntityReference:x", "Money:x", "Nothing"])},
    optional={"Value": SCALARS, "Id": SCALARS, "LogicalName": SCALARS, "Entities": st.lists(SCALARS, max_size=2)},
)
VALUES = st.recursive(
    SCALARS | CONTRACTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
COLUMNS = sorted(
    {
        pair["key"]
        for payload in RECORDED
        for parameter in payload.get("InputParameters") or []
        for pair in parameter["value"].get("Attributes", [])
    }
    | {"statecode", "msdyn_lefton"}
)
ENTITIES = st.fixed_dictionaries(
    {"Attributes": st.lists(st.fixed_dictionaries({"key": st.sampled_from(COLUMNS), "value": VALUES}), max_size=8)},
    optional={"Id": VALUES, "RowVersion": VALUES, "LogicalName": VALUES},
)
CONTEXTS = st.fixed_dictionaries(
    {
        "MessageName": st.sampled_from(["Create", "Update", "CreateMultiple", "UpdateMultiple", "Delete"]),
        "PrimaryEntityName": st.sampled_from([*TABLES, "account"]),
    },
    optional={
        "PrimaryEntityId": VALUES,
        "InputParameters": VALUES
        | st.lists(
            st.fixed_dictionaries(
                {
                    "key": st.sampled_from(["Target", "Targets", "Other"]),
                    "value": VALUES | ENTITIES | st.lists(ENTITIES, max_size=3),
                }
            ),
            max_size=2,
        ),
        "PostEntityImages": VALUES
        | st.lists(st.fixed_dictionaries({"key": st.text(max_size=5), "value": ENTITIES}), max_size=2),
        "OperationId": VALUES,
        "OwningExtension": VALUES,
        "OperationCreatedOn": VALUES,
    },
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-ms-dynamics-msg-size-exceeded", "X-MS-Dynamics-Entity-Name", "x-request-id"]), st.text()
)
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(body: bytes, headers: dict[str, str]) -> None:
    """Read a payload, and every fact of it again from its own message."""
    facts: tuple[ScreenFact, ...] = ()
    with suppress(Permanent):
        facts = every_fact_of(body, headers, node=NodeName("main"), received_at=NOW)
    for fact in facts:
        message = screen_facts.to_json(fact)
        assert screen_facts.from_json(message) == fact
        assert len(message) < LARGEST_MESSAGE
        assert fact.session is not None or fact.read_back is not None


@many
@given(CONTEXTS, HEADERS)
def test_generated_payloads(context: dict[str, Any], headers: dict[str, str]) -> None:
    read(json.dumps(context).encode(), headers)


@many
@given(VALUES | st.text(), HEADERS)
def test_any_json(value: object, headers: dict[str, str]) -> None:
    read(json.dumps(value).encode(), headers)


@many
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    read(body, {})


def places(value: object) -> list[Callable[[object], None]]:
    """Every place in a document, as a function that puts something else there."""
    found: list[Callable[[object], None]] = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found.append(lambda new, key=key: value.__setitem__(key, new))
            found += places(value[key])
    return found


@many
@given(st.sampled_from(RECORDED), st.data())
def test_recorded_payloads_with_a_changed_place(payload: dict[str, Any], data: st.DataObject) -> None:
    copy = json.loads(json.dumps(payload))
    for _ in range(data.draw(st.integers(1, 3))):
        data.draw(st.sampled_from(places(copy)))(data.draw(VALUES))
    read(json.dumps(copy).encode(), {})


@many
@given(st.sampled_from(RECORDED), st.data())
def test_recorded_payloads_with_changed_bytes(payload: dict[str, Any], data: st.DataObject) -> None:
    body = bytearray(json.dumps(payload).encode())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=10))
    read(bytes(body), {})
