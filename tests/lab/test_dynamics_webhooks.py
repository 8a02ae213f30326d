"""Webhooks of the organisation: registered through the Web API, sent for every write, tried again as documented."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from dynamics_visitor import Visitor
from webhook_receiver import Receiver, receiving, until

from capture.messages import RowRef
from capture.model.identity import NodeName
from capture.omnichannel.webhook import facts_of
from lab.dynamics.organisation import Options
from lab.dynamics.server import RunningOrganisation, running_organisation

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NOWHERE = "00000000-0000-4000-8000-000000000000"
SESSION = "5d0f6a52-7a2f-4f6e-9d0e-000000000001"
SETTINGS = '<settings><setting name="x-ris-secret" value="hush &amp; more" /></settings>'


@pytest.fixture
def running() -> Iterator[RunningOrganisation]:
    with running_organisation(Options(seed=1)) as running:
        yield running


@pytest.fixture
def visitor(running: RunningOrganisation) -> Iterator[Visitor]:
    with Visitor(running) as visitor:
        yield visitor.sign_in()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def endpoint(visitor: Visitor, url: str, **changes: object) -> str:
    row = {"name": "ris", "url": url, "contract": 8, "authtype": 4, "authvalue": "the-key"}
    return visitor.made("serviceendpoints", **row | changes)


def step(visitor: Visitor, of: str, message: str, table: str = "msdyn_ocsession", **changes: object) -> str:
    message_id = visitor.rows("sdkmessages", {"$filter": f"name eq '{message}'"})[0]["sdkmessageid"]
    wanted = f"_sdkmessageid_value eq {message_id} and primaryobjecttypecode eq '{table}'"
    found = visitor.rows("sdkmessagefilters", {"$filter": wanted})[0]["sdkmessagefilterid"]
    row = {
        "name": f"{message} of {table}",
        "stage": 40,
        "mode": 1,
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({found})",
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({of})",
    }
    return visitor.made("sdkmessageprocessingsteps", **row | changes)


def ring(running: RunningOrganisation, **columns: object) -> str:
    row = {
        "activityid": SESSION,
        "subject": "Session 1",
        "_ownerid_value": running.organisation.roster.agents[0]["systemuserid"],
        "_msdyn_liveworkitemid_value": NOWHERE,
        "msdyn_channel": 192440000,
        "msdyn_agentassignedon": "2026-11-24T12:00:00Z",
        "msdyn_agentacceptedon": None,
    }
    return running.organisation.insert_row("msdyn_ocsessions", row | columns)


def accept(running: RunningOrganisation) -> None:
    columns = {"msdyn_agentacceptedon": "2026-11-24T12:00:04Z"}
    running.organisation.change_row("msdyn_ocsessions", SESSION, columns)


def figures(visitor: Visitor) -> dict[str, Any]:
    until(lambda: visitor.lab("GET", "webhooks")["pending"] == 0)
    found: dict[str, Any] = visitor.lab("GET", "webhooks")
    return found


def test_a_new_row_is_posted_with_the_key(running: RunningOrganisation, visitor: Visitor, receiver: Receiver) -> None:
    step_id = step(visitor, endpoint(visitor, receiver.url), "Create")
    ring(running)
    (post,) = receiver.waits_for(1)
    assert (post.path, post.query) == ("/ris", {"code": "the-key"})
    assert post.headers["x-ms-dynamics-organization"] == "contoso.crm.dynamics.com"
    assert post.headers["x-ms-dynamics-entity-name"] == "msdyn_ocsession"
    assert post.headers["x-ms-dynamics-request-name"] == "Create"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["x-ms-correlation-request-id"] == post.context["CorrelationId"]
    assert "x-ms-dynamics-msg-size-exceeded" not in post.headers
    assert b"http:\\/\\/schemas.microsoft.com\\/xrm" in post.body
    assert post.context["OwningExtension"]["Id"] == step_id
    fact = facts_of(post.body, post.headers, node=NodeName("main"), received_at=NOW)
    assert fact is not None
    assert fact.session is not None
    assert fact.session.assigned_on == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert fact.session.owner is not None
    assert (fact.session.conversation_id, fact.session.channel) == (NOWHERE, 192440000)
    assert figures(visitor)["acknowledged_ids"] == [fact.event_id]


def test_an_update_has_only_what_changed_and_the_image(
    running: RunningOrganisation, visitor: Visitor, receiver: Receiver
) -> None:
    step_id = step(visitor, endpoint(visitor, receiver.url), "Update")
    visitor.made(
        "sdkmessageprocessingstepimages",
        **{
            "name": "PostImage",
            "entityalias": "PostImage",
            "imagetype": 1,
            "messagepropertyname": "Target",
            "attributes": "ownerid,msdyn_channel",
            "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step_id})",
        },
    )
    ring(running)
    accept(running)
    context = receiver.waits_for(1)[0].context
    columns = {pair["key"] for pair in context["InputParameters"][0]["value"]["Attributes"]}
    assert columns == {"activityid", "modifiedon", "msdyn_agentacceptedon"}
    image = {pair["key"]: pair["value"] for pair in context["PostEntityImages"][0]["value"]["Attributes"]}
    assert set(image) == {"activityid", "ownerid", "msdyn_channel"}
    assert image["msdyn_channel"]["Value"] == 192440000
    assert image["ownerid"]["LogicalName"] == "systemuser"


def test_filtering_attributes_and_disabled_steps(
    running: RunningOrganisation, visitor: Visitor, receiver: Receiver
) -> None:
    of = endpoint(visitor, receiver.url)
    step_id = step(visitor, of, "Update", filteringattributes="ownerid,msdyn_agentacceptedon")
    ring(running)
    running.organisation.change_row("msdyn_ocsessions", SESSION, {"subject": "another"})
    accept(running)
    receiver.waits_for(1)
    assert visitor.write("PATCH", f"sdkmessageprocessingsteps({step_id})", {"statecode": 1}).status_code == 204
    accept(running)
    assert figures(visitor)["sent"] == 1


def test_headers_instead_of_a_key(running: RunningOrganisation, visitor: Visitor, receiver: Receiver) -> None:
    step(visitor, endpoint(visitor, receiver.url, authtype=5, authvalue=SETTINGS), "Create")
    ring(running)
    (post,) = receiver.waits_for(1)
    assert (post.headers["x-ris-secret"], post.query) == ("hush & more", {})


def test_two_endpoints_get_every_event(running: RunningOrganisation, visitor: Visitor, receiver: Receiver) -> None:
    with receiving() as other:
        for name, each in (("ris", receiver), ("ris 2", other)):
            step(visitor, endpoint(visitor, each.url, name=name), "Create")
        ring(running)
        one, two = receiver.waits_for(1)[0].context, other.waits_for(1)[0].context
        assert one["CorrelationId"] == two["CorrelationId"]
        assert one["OperationId"] != two["OperationId"]
        assert {name: each["acknowledged"] for name, each in figures(visitor)["by_endpoint"].items()} == {
            "ris": 1,
            "ris 2": 1,
        }


@pytest.mark.parametrize(
    ("answers", "posts", "acknowledged"),
    [([503], 2, 1), ([502, 200], 2, 1), ([504, 503], 2, 0), ([500], 1, 0), ([429], 1, 0), ([401], 1, 0), ([302], 1, 0)],
)
def test_one_more_try_and_only_for_a_gateways_answers(
    running: RunningOrganisation,
    visitor: Visitor,
    receiver: Receiver,
    answers: list[int],
    posts: int,
    acknowledged: int,
) -> None:
    step(visitor, endpoint(visitor, receiver.url), "Create")
    receiver.answers = list(answers)
    ring(running)
    found = figures(visitor)
    assert len(receiver.received) == posts
    assert len({post.body for post in receiver.received}) == 1
    assert (found["acknowledged"], found["failed"]) == (acknowledged, 1 - acknowledged)
    assert found["by_endpoint"]["ris"]["by_status"][str(answers[0])] >= 1


def test_nobody_there(running: RunningOrganisation, visitor: Visitor) -> None:
    with receiving() as gone:
        url = gone.url
    step(visitor, endpoint(visitor, url), "Create")
    ring(running)
    found = figures(visitor)
    assert (found["failed"], found["by_endpoint"]["ris"]["by_status"]) == (1, {"none": 1})


def test_lost_and_doubled_webhooks(running: RunningOrganisation, visitor: Visitor, receiver: Receiver) -> None:
    of = endpoint(visitor, receiver.url)
    step(visitor, of, "Create")
    step(visitor, of, "Update")
    visitor.lab("POST", "faults", kind="suppress_webhook", count=1)
    ring(running)
    visitor.lab("POST", "faults", kind="duplicate_webhook", count=1)
    accept(running)
    one, two = receiver.waits_for(2)
    assert one.body == two.body
    found = figures(visitor)
    assert (found["suppressed"], found["sent"], len(found["acknowledged_ids"])) == (1, 2, 1)


def test_a_body_that_is_cut(running: RunningOrganisation, visitor: Visitor, receiver: Receiver) -> None:
    of = endpoint(visitor, receiver.url)
    step(visitor, of, "Create")
    visitor.lab("POST", "faults", kind="cut_webhook", count=1)
    ring(running)
    running.organisation.delete_row("msdyn_ocsessions", SESSION)
    ring(running, subject="x" * 300_000)
    for post in receiver.waits_for(2):
        assert "x-ms-dynamics-msg-size-exceeded" in post.headers
        assert "InputParameters" not in post.context
        fact = facts_of(post.body, post.headers, node=NodeName("main"), received_at=NOW)
        assert fact is not None
        assert (fact.read_back, fact.session) == (RowRef("msdyn_ocsession", SESSION), None)


def test_authentication_values_cannot_be_read_back(visitor: Visitor, receiver: Receiver) -> None:
    made = endpoint(visitor, receiver.url)
    assert "authvalue" not in visitor.get(f"serviceendpoints({made})").json()
    assert "the-key" not in visitor.get("serviceendpoints", {"$select": "name,authvalue"}).text


@pytest.mark.parametrize(
    "url", ["http://ris.contoso.example/a", "https://ris.contoso.example:8443/a", "ftp://127.0.0.1/a", "nonsense", None]
)
def test_addresses_that_no_organisation_takes(visitor: Visitor, url: str | None) -> None:
    row = {"name": "ris", "url": url, "contract": 8, "authtype": 4, "authvalue": "the-key"}
    assert visitor.write("POST", "serviceendpoints", row).status_code == 400


def test_writes_are_checked(visitor: Visitor, receiver: Receiver) -> None:
    made = endpoint(visitor, receiver.url)
    assert visitor.write("PATCH", f"serviceendpoints({made})", {"nonsense": 1}).status_code == 400
    assert visitor.write("PATCH", f"serviceendpoints({made})", {"contract": "8"}).status_code == 400
    assert visitor.write("PATCH", f"serviceendpoints({NOWHERE})", {"name": "x"}).status_code == 404
    assert visitor.write("POST", "sdkmessages", {"name": "Mine"}).status_code == 405
    assert visitor.write("DELETE", "serviceendpoints").status_code == 405
    step_id = step(visitor, made, "Create")
    assert visitor.write("DELETE", f"serviceendpoints({made})").status_code == 400
    assert visitor.write("DELETE", f"sdkmessageprocessingsteps({step_id})").status_code == 204
    assert visitor.write("DELETE", f"serviceendpoints({made})").status_code == 204
    visitor.session.headers["Authorization"] = "Bearer nobody"
    assert visitor.write("POST", "serviceendpoints", {}).status_code == 401


def test_a_row_written_through_the_web_api_is_told_too(visitor: Visitor, receiver: Receiver) -> None:
    step(visitor, endpoint(visitor, receiver.url), "Create", "msdyn_sessionevent")
    bound = {"msdyn_omnichannelsession@odata.bind": f"/msdyn_ocsessions({ring(visitor.running)})"}
    made = visitor.made("msdyn_sessionevents", msdyn_eventtype=192350002, **bound)
    (post,) = receiver.waits_for(1)
    assert post.context["PrimaryEntityId"] == made
    fact = facts_of(post.body, post.headers, node=NodeName("main"), received_at=NOW)
    assert fact is not None
    assert fact.session is not None
    assert (fact.session.id, fact.session.assigned_on is not None) == (SESSION, True)
