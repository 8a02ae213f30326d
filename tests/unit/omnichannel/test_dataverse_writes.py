"""Writes: what is sent, and what trouble on the way becomes."""

import json

import pytest
from conftest import HandClock, NodeState
from tiny_server import Answer, TinyServer, refuses

from capture.errors import CaptureError, Permanent, Transient, Unauthorized, Waiting
from capture.omnichannel.pause import Pause
from capture.omnichannel.refusal import Missing
from capture.omnichannel.tokens import Tokens
from capture.omnichannel.transport import session
from capture.omnichannel.web_api import WebApi
from capture.settings import Settings

SET = "/api/data/v9.2/serviceendpoints"
ROW = "0f3c9a52-7a2f-4a6e-9d0e-000000000001"


@pytest.fixture
def api(settings: Settings, state: NodeState, clock: HandClock, ca_bundle: str) -> WebApi:
    http = session(1, ca_bundle)
    return WebApi(settings, Tokens(settings, clock, http), Pause(state, clock), http)


def made(server: TinyServer) -> Answer:
    return Answer(204, headers={"OData-EntityId": f"{server.url}{SET}({ROW.upper()})"})


def test_a_new_row(api: WebApi, server: TinyServer) -> None:
    server.on(SET, made(server))
    assert api.create("serviceendpoints", {"name": "ä"}) == ROW
    asked = server.asked[-1]
    assert (asked.method, asked.path, json.loads(asked.body)) == ("POST", SET, {"name": "ä"})
    assert asked.headers["Content-Type"] == "application/json"


def test_a_change_makes_no_row(api: WebApi, server: TinyServer) -> None:
    server.on(SET, Answer(204))
    api.change(f"serviceendpoints({ROW})", {"name": "b"})
    assert (server.asked[-1].method, server.asked[-1].headers["If-Match"]) == ("PATCH", "*")
    api.delete(f"serviceendpoints({ROW})")
    assert (server.asked[-1].method, server.asked[-1].body) == ("DELETE", "")


def test_a_rejected_token_is_renewed_and_the_row_sent_again(api: WebApi, server: TinyServer) -> None:
    server.on(SET, Answer(401), made(server))
    assert api.create("serviceendpoints", {"name": "a"}) == ROW
    assert [json.loads(asked.body) for asked in server.asked if asked.path == SET] == [{"name": "a"}] * 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (refuses(400), Permanent),
        (refuses(403), Unauthorized),
        (refuses(404), Missing),
        (refuses(412), Permanent),
        (refuses(429, Retry_After="7"), Waiting),
        (refuses(500), Transient),
        (refuses(503), Transient),
        (Answer(reset=True), Transient),
        (Answer(204), Transient),
    ],
)
def test_what_trouble_becomes(api: WebApi, server: TinyServer, answer: Answer, failure: type[CaptureError]) -> None:
    server.on(SET, answer)
    with pytest.raises(failure) as caught:
        api.create("serviceendpoints", {"authvalue": "the-function-key"})
    assert "the-function-key" not in str(caught.value)
    assert server.count(SET) == 1  # a second try could make a second row
