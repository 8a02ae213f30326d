"""The command that makes the keys of workstations."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner, Result

from capture.commands.app import app
from tests.office import SECRET, Office


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(app, ["desktop", "key", *arguments], env={"DESKTOP_SECRET": None, **environ})


@pytest.mark.parametrize("name", ["pc-0017", "PC-0017"])
def test_the_key_that_is_printed_is_the_one_that_opens(office: Office, name: str) -> None:
    said = run(name, DESKTOP_SECRET=SECRET)
    assert said.exit_code == 0
    body = {"user": "ann@contoso.com", "signed_in_at": datetime.now(UTC).isoformat()}
    answer = office.call("main", "pc-0017", "sign_in", body, key=said.stdout.strip())
    assert answer.status == 200
    assert json.loads(answer.body)["node"] == "main"
    assert office.call("main", "pc-0018", "sign_in", body, key=said.stdout.strip()).status == 401


def test_the_secret_may_stand_in_another_variable() -> None:
    assert run("pc-1", "--secret-from", "NEXT", NEXT="b").stdout == run("pc-1", DESKTOP_SECRET="b").stdout
    assert run("pc-1", "--secret-from", "NEXT", NEXT="b").stdout != run("pc-1", DESKTOP_SECRET="a").stdout


@pytest.mark.parametrize("name", ["", "-pc", "a/b", "x" * 64, "ü"])
def test_what_is_no_name_is_refused(name: str) -> None:
    said = run("--", name, DESKTOP_SECRET="a")
    assert said.exit_code == 2
    assert "63 letters" in " ".join(said.stderr.replace("│", " ").split())


def test_a_secret_instead_of_a_variable_is_not_repeated() -> None:
    said = run("pc-1", "--secret-from", "very-secret")
    assert said.exit_code == 2
    assert "very-secret" not in said.output
