"""Tokens: kept, renewed in time, and refusals that name the setting to look at."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import TENANT, HandClock, token
from pydantic import SecretStr
from tiny_server import Answer, TinyServer, says

from capture.errors import Transient, Unauthorized
from capture.omnichannel.tokens import Tokens
from capture.omnichannel.transport import session
from capture.settings import Settings

TOKEN = f"/{TENANT}/oauth2/v2.0/token"
DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"


@pytest.fixture
def tokens(settings: Settings, clock: HandClock, ca_bundle: str) -> Tokens:
    return Tokens(settings, clock, session(1, ca_bundle))


def refusal(code: int, status: int = 401, error: str = "invalid_client") -> Answer:
    return says({"error": error, "error_description": f"AADSTS{code}: Something. Trace ID: 1"}, status)


def test_token_is_fetched_once_and_asks_for_the_scope(tokens: Tokens, server: TinyServer) -> None:
    assert [tokens.get(), tokens.get()] == ["token-1", "token-1"]
    assert server.count(TOKEN) == 1
    body = server.asked[-1].body
    assert "grant_type=client_credentials" in body
    assert "%2F.default" in body


def test_token_is_renewed_ahead_of_its_end(tokens: Tokens, server: TinyServer, clock: HandClock) -> None:
    tokens.get()
    clock.seconds += 3290
    assert tokens.get() == "token-1"
    clock.seconds += 20
    assert tokens.get() == "token-2"
    assert server.count(TOKEN) == 2


def test_short_token_is_renewed_at_half_its_life(tokens: Tokens, server: TinyServer, clock: HandClock) -> None:
    server.on(TOKEN, token("short-1", 60), token("short-2", 60))
    assert [tokens.get(), tokens.get()] == ["short-1", "short-1"]
    clock.seconds += 31
    assert tokens.get() == "short-2"
    assert server.count(TOKEN) == 2


def test_rejected_token_is_replaced_once_for_all_threads(tokens: Tokens, server: TinyServer) -> None:
    rejected = tokens.get()
    barrier = threading.Barrier(8)

    def renew(_: int) -> str:
        barrier.wait()
        return tokens.renew(rejected)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(renew, range(8))) == {"token-2"}
    assert server.count(TOKEN) == 2


def test_threads_share_the_first_token(tokens: Tokens, server: TinyServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: tokens.get(), range(16))) == {"token-1"}
    assert server.count(TOKEN) == 1


@pytest.mark.parametrize(
    ("answer", "setting"),
    [
        (refusal(7000215), "DYNAMICS_CLIENT_SECRET"),
        (refusal(7000222), "DYNAMICS_CLIENT_SECRET"),
        (refusal(700016, 400, "unauthorized_client"), "DYNAMICS_CLIENT_ID"),
        (refusal(700016, 401), "DYNAMICS_CLIENT_ID"),
        (refusal(90002, 400, "invalid_request"), "DYNAMICS_TENANT_ID"),
        (refusal(500011, 400, "invalid_resource"), "DYNAMICS_URL"),
        (refusal(123456, 400), "DYNAMICS_CLIENT_ID"),
        (says({"error": "invalid_client"}, 401), "DYNAMICS_CLIENT_SECRET"),
    ],
)
def test_refusal_names_the_setting_and_no_secret(
    tokens: Tokens, server: TinyServer, answer: Answer, setting: str
) -> None:
    server.on(TOKEN, answer)
    with pytest.raises(Unauthorized) as caught:
        tokens.get()
    assert setting in str(caught.value)
    assert "top~secret" not in str(caught.value)


def test_unknown_tenant_is_refused_before_there_is_a_token_endpoint(tokens: Tokens, server: TinyServer) -> None:
    server.on(DISCOVERY, refusal(90002, 400, "invalid_tenant"))
    with pytest.raises(Unauthorized, match="DYNAMICS_TENANT_ID"):
        tokens.get()


def test_refusal_is_repeated_for_a_while_without_asking(tokens: Tokens, server: TinyServer, clock: HandClock) -> None:
    server.on(TOKEN, refusal(7000215), token("good"))
    for _ in range(3):
        with pytest.raises(Unauthorized):
            tokens.get()
    assert server.count(TOKEN) == 1
    clock.seconds += 11
    assert tokens.get() == "good"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503),
        Answer(500, b"<html>"),
        Answer(429, headers={"Retry-After": "5"}),
        Answer(403, b"<html>a proxy</html>"),
        Answer(200, b"<html>"),
        says({}),
        says({"error": "temporarily_unavailable", "error_description": "AADSTS90033"}, 400),
        Answer(reset=True),
        Answer(200, b"{}", delay=1.5),
    ],
)
@pytest.mark.parametrize("path", [TOKEN, DISCOVERY])
def test_entra_in_trouble_is_transient(tokens: Tokens, server: TinyServer, path: str, answer: Answer) -> None:
    server.on(path, answer)
    with pytest.raises(Transient):
        tokens.get()


def test_old_token_serves_while_entra_is_down(tokens: Tokens, server: TinyServer, clock: HandClock) -> None:
    server.on(TOKEN, token("short", 200), Answer(503))
    tokens.get()
    clock.seconds += 110
    assert tokens.get() == "short"
    assert tokens.get() == "short"
    assert server.count(TOKEN) == 2, "Entra is not asked for every call while it is down"
    clock.seconds += 80
    with pytest.raises(Transient):
        tokens.get()
    server.on(TOKEN, token("new"))
    assert tokens.get() == "new"


@pytest.fixture
def federated(settings: Settings) -> Settings:
    """A node without a client secret."""
    return settings.model_copy(
        update={"dynamics_client_secret": SecretStr(""), "dynamics_identity_client_id": "identity-of-main"}
    )


def test_a_managed_identity_stands_in_for_the_secret(
    federated: Settings, server: TinyServer, clock: HandClock, ca_bundle: str
) -> None:
    asked: list[str] = []

    def assertion(client_id: str) -> str:
        asked.append(client_id)
        return f"assertion-{len(asked)}"

    tokens = Tokens(federated, clock, session(1, ca_bundle), assertion)
    assert tokens.get() == "token-1"
    body = server.asked[-1].body
    assert "client_assertion=assertion-1" in body
    assert "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer" in body
    assert "client_secret" not in body
    clock.seconds += 3400
    assert tokens.get() == "token-2"
    assert asked == ["identity-of-main"] * 2, "a fresh assertion for every sign-in"
    assert "client_assertion=assertion-2" in server.asked[-1].body


@pytest.mark.parametrize("failure", [Transient("the identity cannot be asked"), Unauthorized("no such identity")])
def test_a_managed_identity_that_fails_is_what_it_says(
    federated: Settings, server: TinyServer, clock: HandClock, ca_bundle: str, failure: Exception
) -> None:
    def assertion(_: str) -> str:
        raise failure

    tokens = Tokens(federated, clock, session(1, ca_bundle), assertion)
    with pytest.raises(type(failure), match=str(failure)):
        tokens.get()
    assert server.count(TOKEN) == 0


def test_a_missing_federated_credential_names_the_setting(
    federated: Settings, server: TinyServer, clock: HandClock, ca_bundle: str
) -> None:
    server.on(TOKEN, refusal(700213))
    tokens = Tokens(federated, clock, session(1, ca_bundle), lambda _: "assertion")
    with pytest.raises(Unauthorized, match="DYNAMICS_IDENTITY_CLIENT_ID: the app registration has no federated"):
        tokens.get()


def test_without_a_managed_identity_the_setting_is_named(federated: Settings, clock: HandClock, ca_bundle: str) -> None:
    with pytest.raises(Unauthorized, match="DYNAMICS_IDENTITY_CLIENT_ID: there is no managed identity"):
        Tokens(federated, clock, session(1, ca_bundle)).get()
