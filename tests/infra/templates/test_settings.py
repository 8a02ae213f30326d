"""What the templates write into a Function App is what the node reads: the values themselves, not their names alone."""

import re
from pathlib import Path

import pytest

from capture.settings import Settings
from infra.checks.project import Project
from infra.checks.template import Expression, Value

ROOT = Path(__file__).parents[3]
PARAMETERS = {
    "nodeName": "main",
    "peerName": "peer",
    "sourceName": "contoso",
    "preferredNode": "main",
    "dynamicsUrl": "https://contoso.crm4.dynamics.com",
    "tenantId": "tenant",
    "clientId": "client",
    "identityClientId": "identity",
    "clientSecretExpires": "2027-11-22",
    "consoleEnabled": True,
    "consoleRole": "",
    "vaultName": "kv",
    "ownStorageName": "stown",
    "peerStorageName": "stpeer",
    "witnessStorageName": "stwitness",
    "suffix": "core.windows.net",
    "environment().authentication.loginEndpoint": "https://login.microsoftonline.com/",
}


def written(**flags: bool) -> dict[str, str]:
    """The settings of the product as a deployment with these flags writes them; vault references are resolved."""
    project = Project(ROOT)
    values = project.templates["modules/settings.bicep"].named["product"].value
    assert isinstance(values, dict)
    names = project.json("infra/names.json")

    def evaluated(value: Value) -> str:
        if not isinstance(value, Expression):
            return str(value)
        text = value.text
        if choice := re.fullmatch(r"(\w+) \? (.+) : (.+)", text):
            return evaluated(Expression(choice[2] if flags.get(choice[1], False) else choice[3]))
        if text.startswith("'"):
            filled = re.sub(r"\$\{(\w+)\}", lambda found: PARAMETERS[found[1]], text[1:-1])
            return "from the vault" if filled.startswith("@Microsoft.KeyVault(VaultName=kv;SecretName=") else filled
        if found := re.fullmatch(r"names\.(\w+)(?:\[(\d)\])?", text):
            named = names[found[1]]
            return str(named if found[2] is None else named[int(found[2])])
        return PARAMETERS[text]

    return {name: evaluated(value) for name, value in values.items()}


@pytest.mark.parametrize("federated", [False, True])
def test_a_node_starts_with_what_the_templates_write(federated: bool) -> None:
    settings = Settings.from_env(written(federatedCredentials=federated, desktopsEnabled=True))
    assert settings.dynamics_client_secret.get_secret_value() == ("" if federated else "from the vault")
    assert settings.dynamics_identity_client_id == ("identity" if federated else "")
    assert (settings.secret_ends is None) == federated
    assert settings.dynamics_authority == "https://login.microsoftonline.com"
    assert settings.desktop_secret.get_secret_value() == "from the vault"
    assert settings.ris_header_secret.get_secret_value() == ""


def test_every_store_is_reached_by_the_identity_without_a_key() -> None:
    settings = Settings.from_env(written())
    for connection, account in (
        (settings.own_storage, "stown"),
        (settings.peer_storage, "stpeer"),
        (settings.witness_storage, "stwitness"),
    ):
        assert connection.connection_string is None
        assert connection.client_id == "identity"
        assert connection.blob == f"https://{account}.blob.core.windows.net"
    assert settings.peer_storage.queue == "https://stpeer.queue.core.windows.net"
    assert settings.peer_storage.table == "https://stpeer.table.core.windows.net"
