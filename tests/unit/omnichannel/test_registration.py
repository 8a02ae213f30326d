"""Registering against the simulated organisation, and the command that does it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import HandClock
from typer.testing import CliRunner, Result

from capture.commands.app import app
from capture.errors import Permanent
from capture.omnichannel.credential import Authentication, Credential
from capture.omnichannel.pause import Alone, Pause
from capture.omnichannel.refusal import Missing
from capture.omnichannel.registration import Done, Registration
from capture.omnichannel.subscriptions import SUBSCRIPTIONS
from capture.omnichannel.tokens import Tokens
from capture.omnichannel.transport import session
from capture.omnichannel.web_api import WebApi
from capture.settings import Settings
from lab.dynamics.organisation import Options
from lab.dynamics.server import RunningOrganisation, running_organisation
from lab.dynamics.tables import Row

FRONT, MAIN, PEER = (
    "https://ris.contoso.example/api",
    "https://main.contoso.example/a",
    "https://peer.contoso.example/a",
)
KEY = Credential(Authentication.WEBHOOK_KEY, "first-function-key")
HEADER = Credential(Authentication.HTTP_HEADER, 'quoted "secret" & more')
STEPS = {f"{each.message} of {each.table}" for each in SUBSCRIPTIONS}


@pytest.fixture
def running() -> Iterator[RunningOrganisation]:
    with running_organisation(Options(seed=1)) as running:
        yield running


def environment(running: RunningOrganisation) -> dict[str, str]:
    return {
        "DYNAMICS_URL": running.url,
        "DYNAMICS_AUTHORITY": running.url,
        "DYNAMICS_TENANT_ID": "contoso",
        "DYNAMICS_CLIENT_ID": "capture-main",
        "DYNAMICS_CLIENT_SECRET": "main-secret",
    }


@pytest.fixture
def api(running: RunningOrganisation) -> Iterator[WebApi]:
    settings, clock = Settings.of_a_command(environment(running)), HandClock()
    with session(10, str(running.ca)) as http:
        yield WebApi(settings, Tokens(settings, clock, http), Pause(Alone(), clock), http)


@pytest.fixture
def registration(api: WebApi) -> Registration:
    return Registration(api)


def rows(running: RunningOrganisation, table: str) -> list[Row]:
    return list(running.organisation.tables[table])


def counted(running: RunningOrganisation) -> tuple[int, int, int]:
    tables = ("serviceendpoint", "sdkmessageprocessingstep", "sdkmessageprocessingstepimage")
    endpoints, steps, images = (len(rows(running, table)) for table in tables)
    return endpoints, steps, images


def test_one_address(running: RunningOrganisation, registration: Registration) -> None:
    changes = registration.register([FRONT], KEY)
    assert {change.done for change in changes} == {Done.CREATED}
    assert counted(running) == (1, len(SUBSCRIPTIONS), len(SUBSCRIPTIONS))
    endpoint = rows(running, "serviceendpoint")[0]
    assert (endpoint["url"], endpoint["contract"], endpoint["authtype"]) == (FRONT, 8, 4)
    assert endpoint["authvalue"] == "first-function-key"
    for step in rows(running, "sdkmessageprocessingstep"):
        assert (step["stage"], step["mode"], step["asyncautodelete"], step["statecode"]) == (40, 1, True, 0)
        assert bool(step["filteringattributes"]) == ("Update" in step["name"])
    for image in rows(running, "sdkmessageprocessingstepimage"):
        assert image["imagetype"] == 1
    found = registration.registered()
    assert [(each.url, each.authentication, each.disabled) for each in found] == [(FRONT, "webhook key", ())]
    assert set(found[0].steps) == STEPS


def test_a_second_time_changes_nothing(running: RunningOrganisation, registration: Registration) -> None:
    registration.register([FRONT], KEY)
    before = [dict(row) for row in rows(running, "sdkmessageprocessingstep")]
    assert {change.done for change in registration.register([FRONT], KEY)} == {Done.UNCHANGED}
    assert rows(running, "sdkmessageprocessingstep") == before


def test_both_nodes_get_every_event(running: RunningOrganisation, registration: Registration) -> None:
    registration.register([MAIN, PEER], HEADER)
    assert counted(running) == (2, 2 * len(SUBSCRIPTIONS), 2 * len(SUBSCRIPTIONS))
    assert {row["url"] for row in rows(running, "serviceendpoint")} == {MAIN, PEER}
    expected = '<settings><setting name="x-ris-secret" value=\'quoted "secret" &amp; more\' /></settings>'
    assert {row["authvalue"] for row in rows(running, "serviceendpoint")} == {expected}


@pytest.mark.parametrize(
    ("url", "credential"),
    [(MAIN, KEY), (FRONT, Credential(Authentication.WEBHOOK_KEY, "second")), (FRONT, HEADER)],
)
def test_another_address_or_key_is_taken(
    running: RunningOrganisation, registration: Registration, url: str, credential: Credential
) -> None:
    registration.register([FRONT], KEY)
    changes = registration.register([url], credential)
    assert [change.kind for change in changes if change.done is Done.CHANGED] == ["endpoint"]
    endpoint = rows(running, "serviceendpoint")[0]
    assert (endpoint["url"], endpoint["authvalue"]) == (url, credential.value)


def test_what_somebody_changed_by_hand_is_put_right(running: RunningOrganisation, registration: Registration) -> None:
    registration.register([FRONT], KEY)
    tables = running.organisation.tables
    step = next(row for row in rows(running, "sdkmessageprocessingstep") if row["filteringattributes"])
    image = rows(running, "sdkmessageprocessingstepimage")[0]
    other = next(row for row in rows(running, "sdkmessageprocessingstep") if not row["filteringattributes"])
    step_id = step["sdkmessageprocessingstepid"]
    tables.change("sdkmessageprocessingstep", step_id, {"filteringattributes": "subject"})
    tables.change("sdkmessageprocessingstep", other["sdkmessageprocessingstepid"], {"statecode": 1, "statuscode": 2})
    tables.change("sdkmessageprocessingstepimage", image["sdkmessageprocessingstepimageid"], {"attributes": "subject"})
    assert len(registration.registered()[0].disabled) == 1
    changed = [change.kind for change in registration.register([FRONT], KEY) if change.done is Done.CHANGED]
    assert sorted(changed) == ["image", "step", "step"]
    assert {change.done for change in registration.register([FRONT], KEY)} == {Done.UNCHANGED}


def test_the_order_of_columns_does_not_matter(running: RunningOrganisation, registration: Registration) -> None:
    registration.register([FRONT], KEY)
    step = next(row for row in rows(running, "sdkmessageprocessingstep") if row["filteringattributes"])
    turned = ",".join(reversed(step["filteringattributes"].split(",")))
    running.organisation.tables.change(
        "sdkmessageprocessingstep", step["sdkmessageprocessingstepid"], {"filteringattributes": turned}
    )
    assert {change.done for change in registration.register([FRONT], KEY)} == {Done.UNCHANGED}


def test_from_both_nodes_back_to_one_address(running: RunningOrganisation, registration: Registration) -> None:
    registration.register([MAIN, PEER], KEY)
    registration.register([FRONT], KEY)
    assert counted(running) == (1, len(SUBSCRIPTIONS), len(SUBSCRIPTIONS))


def test_removing_leaves_what_is_not_ours(
    running: RunningOrganisation, api: WebApi, registration: Registration
) -> None:
    others = {"omnichannel-capture-of-others", "omnichannel-capture trial"}
    for name in others:
        Registration(api, name).register([PEER], KEY)
    registration.register([MAIN, PEER], KEY)
    assert {change.done for change in registration.remove()} == {Done.REMOVED}
    assert {row["name"] for row in rows(running, "serviceendpoint")} == others
    assert registration.registered() == registration.remove() == []


def test_an_organisation_without_omnichannel(running: RunningOrganisation, registration: Registration) -> None:
    filters = running.organisation.tables["sdkmessagefilter"]
    for row in list(filters):
        if row["primaryobjecttypecode"] == "msdyn_sessionevent":
            filters.remove(row["sdkmessagefilterid"])
    with pytest.raises(Permanent, match="cannot tell of Create of msdyn_sessionevent"):
        registration.register([FRONT], KEY)
    assert counted(running) == (0, 0, 0)


def test_writes_that_are_refused(api: WebApi) -> None:
    nowhere = "serviceendpoints(00000000-0000-4000-8000-000000000000)"
    with pytest.raises(Missing):
        api.change(nowhere, {"name": "x"})
    with pytest.raises(Missing):
        api.delete(nowhere)
    with pytest.raises(Permanent, match="https:// on port 443"):
        api.create(
            "serviceendpoints",
            {"name": "x", "url": "http://ris.contoso.example", "contract": 8, "authtype": 4, "authvalue": "k"},
        )


def test_a_credential_does_not_show_itself() -> None:
    assert "secret" not in repr(HEADER)
    assert "first" not in f"{KEY} {KEY.mark('name')}"


class Terminal:
    """Runs commands as a person does, in the environment of the simulated organisation."""

    def __init__(self, running: RunningOrganisation) -> None:
        self.environment: dict[str, str | None] = {
            **environment(running),
            "REQUESTS_CA_BUNDLE": str(running.ca),
            "RIS_KEY": "the-function-key",
            "RIS_HEADER_SECRET": "the-header-secret",
            "COLUMNS": "200",
        }

    def run(self, *arguments: str, **changes: str | None) -> Result:
        result = CliRunner().invoke(app, ["webhook", *arguments], env=self.environment | changes)
        assert "the-function-key" not in result.output
        assert "the-header-secret" not in result.output
        assert "main-secret" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result


@pytest.fixture
def terminal(running: RunningOrganisation) -> Terminal:
    return Terminal(running)


def told(result: Result) -> Any:  # noqa: ANN401 - JSON
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_commands(running: RunningOrganisation, terminal: Terminal) -> None:
    both = ["--url", "https://a.contoso.example", "--url2", "https://b.contoso.example"]
    made = told(terminal.run("register", *both, "--key-from", "RIS_KEY", "--json"))
    assert {change["done"] for change in made} == {"created"}
    assert "unchanged" in terminal.run("register", *both, "--key-from", "RIS_KEY").stdout
    shown = told(terminal.run("list", "--json"))
    path = "/api/recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter"
    assert [each["url"] for each in shown] == [f"https://a.contoso.example{path}", f"https://b.contoso.example{path}"]
    listed = terminal.run("list")
    assert listed.exit_code == 0
    assert "Update of msdyn_ocsession" in listed.stdout
    told(terminal.run("register", *both[:2], "--header-secret-from", "RIS_HEADER_SECRET", "--json"))
    assert [row["url"] for row in rows(running, "serviceendpoint")] == [f"https://a.contoso.example{path}/header"]
    assert told(terminal.run("remove", "--yes", "--json"))[-1]["done"] == "removed"
    assert told(terminal.run("list", "--json")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--url", "https://a.example"],
        ["--url", "https://a.example", "--key-from", "RIS_KEY", "--header-secret-from", "RIS_HEADER_SECRET"],
        ["--url", "https://a.example", "--key-from", "NOT_SET"],
        ["--url", "http://a.example", "--key-from", "RIS_KEY"],
        ["--url", "https://a.example:8443", "--key-from", "RIS_KEY"],
        ["--url", "https://a.example:x", "--key-from", "RIS_KEY"],
        ["--url", "https://a.example/api?code=the-function-key", "--key-from", "RIS_KEY"],
        ["--url", "https://a.example", "--url2", "https://a.example", "--key-from", "RIS_KEY"],
        ["--url", "https://a.example", "--key-from", "RIS_KEY", "--name", "it's"],
    ],
)
def test_mistakes_of_the_caller(running: RunningOrganisation, terminal: Terminal, arguments: list[str]) -> None:
    assert terminal.run("register", *arguments).exit_code == 2
    assert counted(running) == (0, 0, 0)


def test_settings_that_are_missing(terminal: Terminal) -> None:
    result = terminal.run("list", DYNAMICS_URL=None)
    assert (result.exit_code, result.stderr) == (2, "DYNAMICS_URL: is not set\n")


def test_a_refusal_is_a_message(terminal: Terminal) -> None:
    result = terminal.run("list", DYNAMICS_CLIENT_SECRET="wrong")
    assert result.exit_code == 1
    assert "DYNAMICS_CLIENT_SECRET" in result.stderr


def test_removing_asks_first(running: RunningOrganisation, terminal: Terminal) -> None:
    told(terminal.run("register", "--url", "https://a.example", "--key-from", "RIS_KEY", "--json"))
    assert terminal.run("remove").exit_code == 1
    assert counted(running)[0] == 1
