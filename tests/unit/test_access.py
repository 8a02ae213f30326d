"""Who may see the console."""

import base64
import json

import pytest

from capture.console.access import SIGN_IN, Access, same_origin
from capture.errors import Stranger

LOCAL = Access(site="", authentication="", tenant="", role="")
AZURE = Access(site="capture-main", authentication="True", tenant="Tenant-1", role="")
URL = "https://capture-main.azurewebsites.net/api/console"
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TID = "http://schemas.microsoft.com/identity/claims/tenantid"


def principal(*claims: tuple[str, str]) -> dict[str, str]:
    document = {"auth_typ": "aad", "claims": [{"typ": kind, "val": value} for kind, value in claims]}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(document).encode()).decode()}


JANE = (("preferred_username", "jane@contoso.com"), (OID, "id-of-jane"), (TID, "tenant-1"))


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost:7071", "[::1]:7071"])
def test_locally_it_is_open_to_who_sits_at_the_machine(host: str) -> None:
    assert LOCAL.visitor(f"http://{host}/api/console", {}).id == "local"


@pytest.mark.parametrize("host", ["192.168.0.7:7071", "node.contoso.com", "localhost.attacker.example"])
def test_locally_no_other_name_leads_to_it_not_even_with_a_forged_principal(host: str) -> None:
    with pytest.raises(Stranger, match="this machine only"):
        LOCAL.visitor(f"http://{host}/api/console", principal(*JANE))


def test_in_azure_who_has_signed_in_to_the_tenant_may_see_it() -> None:
    visitor = AZURE.visitor(URL, principal(*JANE))
    assert (visitor.id, visitor.name) == ("id-of-jane", "jane@contoso.com")


@pytest.mark.parametrize(
    ("access", "headers", "why"),
    [
        (AZURE, {}, "nobody has signed in"),
        (AZURE, {"x-ms-client-principal": "no base64!"}, "cannot be read"),
        (AZURE, principal(*JANE[:2], (TID, "tenant-2")), "CONSOLE_TENANT_ID"),
        (AZURE, principal(*JANE[:1], JANE[2]), "which account"),
        (Access("site", "False", "tenant-1", ""), principal(*JANE), "WEBSITE_AUTH_ENABLED"),
        (Access("site", "", "tenant-1", ""), principal(*JANE), "WEBSITE_AUTH_ENABLED"),
        (Access("site", "True", "", ""), principal(*JANE), "CONSOLE_TENANT_ID"),
        (Access("site", "True", "tenant-1", "Listener"), principal(*JANE, ("roles", "Other")), "CONSOLE_ROLE"),
    ],
)
def test_in_azure_everybody_else_is_told_why_not(access: Access, headers: dict[str, str], why: str) -> None:
    with pytest.raises(Stranger, match=why):
        access.visitor(URL, headers)
    with pytest.raises(Stranger):
        access.visitor("http://127.0.0.1/api/console", headers)


def test_who_has_not_signed_in_is_led_there_where_that_helps() -> None:
    assert AZURE.sign_in({}) == SIGN_IN
    assert AZURE.sign_in(principal(*JANE)) is None
    for access in (LOCAL, Access("site", "", "tenant-1", ""), Access("site", "True", "", "")):
        assert access.sign_in({}) is None


def test_a_role_admits() -> None:
    access = Access("site", "True", "tenant-1", "Listener")
    assert access.visitor(URL, principal(*JANE, ("roles", "Listener"))).id == "id-of-jane"


@pytest.mark.parametrize(
    "headers", [{}, {"x-capture-console": "1", "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-origin"}]
)
def test_a_change_is_asked_for_by_the_page_alone(headers: dict[str, str]) -> None:
    with pytest.raises(Stranger):
        same_origin(headers)
    same_origin({"x-capture-console": "1", "sec-fetch-site": "same-origin"})
