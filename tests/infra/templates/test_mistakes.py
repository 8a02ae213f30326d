"""Mistakes that a person might make, one by one in a copy: each is caught, under the name of what is wrong."""

import re
from pathlib import Path

import pytest

from infra.checks.__main__ import problems
from infra.checks.project import Project

STORAGE, APP, SETTINGS = ("infra/modules/" + name for name in ("storage.bicep", "function-app.bicep", "settings.bicep"))
OWN, PEER = ("infra/modules/" + name for name in ("own-roles.bicep", "peer-roles.bicep"))
MAIN, DOOR = "infra/main.bicep", "infra/modules/front-door.bicep"

# What was done, the file, the text, what stands there instead, the name under which it is caught.
MISTAKES = [
    ("a bracket is lost", STORAGE, "  sku: {\n    name: sku\n  }", "  sku: {\n    name: sku\n", "syntax"),
    ("a typo in a symbol", STORAGE, "parent: archive", "parent: archiv", "undefined symbol"),
    (
        "a typo in a variable's member",
        MAIN,
        "storageName: names.storageMain",
        "storageName: names.storagMain",
        "unknown member",
    ),
    ("a typo in a module's output", MAIN, "witness.outputs.id", "witness.outputs.ident", "unknown member"),
    (
        "a typo in a key of a JSON file",
        STORAGE,
        "names.archiveContainer\n",
        "names.archivContainer\n",
        "unknown member",
    ),
    ("a function that there is not", MAIN, "union(tags", "merge(tags", "unknown function"),
    ("a parameter that nobody uses", STORAGE, "param sku string", "param sku string\nparam size int = 1", "unused"),
    (
        "a module nobody calls",
        MAIN,
        "module workbook 'modules/workbook.bicep'",
        "module workbook 'modules/alerts.bicep'",
        "unused",
    ),
    ("a module that is not there", MAIN, "'modules/witness.bicep'", "'modules/witnes.bicep'", "unknown module"),
    ("a missing module parameter", MAIN, "    coldAfterDays: coldAfterDays\n", "", "missing module parameter"),
    (
        "an unknown module parameter",
        MAIN,
        "    maximumInstanceCount: maximumInstanceCount\n",
        "    maximumInstanceCount: maximumInstanceCount\n    instances: 1\n",
        "unknown module parameter",
    ),
    (
        "the parameter file lacks one",
        "infra/main.bicepparam",
        "param locationPeer = 'northeurope'\n",
        "",
        "missing module parameter",
    ),
    ("both nodes are written at once", MAIN, "    nodeMain\n", "", "both at once"),
    ("peer gets main's client id", MAIN, "clientId: clientIdPeer", "clientId: clientIdMain", "not mirrored"),
    (
        "a wrong API version",
        STORAGE,
        "storageAccounts@2025-06-01' = {",
        "storageAccounts@2025-06-31' = {",
        "unknown API version",
    ),
    (
        "a type that there is not",
        STORAGE,
        "'Microsoft.Storage/storageAccounts/queueServices@",
        "'Microsoft.Storage/storageAccounts/queueService@",
        "unknown resource type",
    ),
    (
        "a misspelt property",
        STORAGE,
        "allowCrossTenantReplication: false",
        "allowCrossTenantReplications: false",
        "unknown property",
    ),
    ("a misspelt property of a site", APP, "http20Enabled: true", "htp20Enabled: true", "unknown property"),
    ("shared keys are on", STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "shared keys"),
    (
        "shared keys of the witness are on",
        "infra/modules/witness.bicep",
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "shared keys",
    ),
    (
        "public blobs are allowed",
        STORAGE,
        "allowBlobPublicAccess: false",
        "allowBlobPublicAccess: true",
        "public blobs",
    ),
    ("a public container", STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'", "public blobs"),
    ("an older TLS", STORAGE, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'", "TLS"),
    ("plain HTTP", APP, "httpsOnly: true", "httpsOnly: false", "TLS"),
    ("an open origin", APP, "open ? 'Allow' : 'Deny'", "'Allow'", "origin lock"),
    (
        "an origin open to every Front Door",
        APP,
        "    headers: {\n      'x-azure-fdid': [\n        frontDoorId\n      ]\n    }\n",
        "",
        "origin lock",
    ),
    (
        "an origin that does not know its Front Door",
        MAIN,
        "frontDoorId: useFrontDoor ? frontDoorProfile.outputs.id : ''",
        "frontDoorId: ''",
        "origin lock",
    ),
    ("basic authentication is left on", APP, "    allow: false", "    allow: true", "basic authentication"),
    (
        "a secret output",
        "infra/modules/vault.bicep",
        "output id string = vault.id",
        "output id string = vault.id\noutput told string = clientSecret",
        "secret output",
    ),
    (
        "a key is read",
        STORAGE,
        "output id string = account.id",
        "output id string = account.listKeys().keys[0].value",
        "keys are read",
    ),
    ("a secret that is not secure", "infra/modules/vault.bicep", "@secure()\n", "", "insecure parameter"),
    (
        "a secret with a default",
        MAIN,
        "param clientSecretMain string = ''",
        "param clientSecretMain string = 'hunter2'",
        "insecure parameter",
    ),
    (
        "purge protection is off",
        "infra/modules/vault.bicep",
        "enablePurgeProtection: true",
        "enablePurgeProtection: false",
        "vault",
    ),
    (
        "instrumentation keys are good",
        "infra/modules/monitoring.bicep",
        "DisableLocalAuth: true",
        "DisableLocalAuth: false",
        "local authentication",
    ),
    ("an archive without versions", STORAGE, "isVersioningEnabled: true", "isVersioningEnabled: false", "archive"),
    ("a dropped role", PEER, r"resource peerArchive .*?\n}\n", "", "role not assigned"),
    ("a role on the whole account", OWN, "scope: tables[index]", "scope: account", "role not in the table"),
    (
        "a role that allows more",
        PEER,
        "roleDefinitions', roles.blobDataReader",
        "roleDefinitions', roles.blobDataContributor",
        "role not in the table",
    ),
    ("more of the peer's queues", PEER, "in names.inboundQueues:", "in names.poisonQueues:", "role not in the table"),
    (
        "a role that the page does not know",
        "docs/security.md",
        r"\| `shared-roles.bicep` \| `telemetry`[^\n]*\n",
        "",
        "role not in the table",
    ),
    (
        "the peer gets what a node may do with its own",
        "infra/modules/region.bicep",
        "principalId: ownPrincipalId",
        "principalId: peerPrincipalId",
        "whose role",
    ),
    (
        "both nodes' rights are swapped",
        MAIN,
        "ownPrincipalId: identityMain.outputs.principalId",
        "ownPrincipalId: identityPeer.outputs.principalId",
        "whose role",
    ),
    (
        "the id of another role",
        "infra/roles.json",
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "role id",
    ),
    ("a setting renamed in the templates", SETTINGS, "LOOKBACK_MINUTES:", "LOOK_BACK_MINUTES:", "setting missing"),
    (
        "a setting renamed in the code",
        "capture/settings.py",
        "give_up_hours: int",
        "give_up_after_hours: int",
        "setting missing",
    ),
    ("a setting renamed in the README", "README.md", "| `MAX_FAILURES` |", "| `MOST_FAILURES` |", "setting missing"),
    (
        "a setting renamed in the sample",
        "local.settings.sample.json",
        '"SCREEN_CHANNELS"',
        '"CHANNELS"',
        "setting missing",
    ),
    ("a setting with another default", SETTINGS, "LEASE_SECONDS: '15'", "LEASE_SECONDS: '60'", "setting default"),
    ("a connection without its client id", SETTINGS, "  OWN_STORAGE__clientId: identityClientId\n", "", "connection"),
    (
        "a queue that the code does not read",
        "infra/names.json",
        '"watermark", "screen", "screenfile"]',
        '"watermarks", "screen", "screenfile"]',
        "store name",
    ),
    ("a function that is not always ready", APP, "'function:watch'", "'function:wach'", "always ready"),
    (
        "a new timer that is not always ready",
        "function_app.py",
        "def sweep(timer",
        "def sweep_again(timer",
        "always ready",
    ),
    ("a path too much is routed", DOOR, "'/api/health'\n    ]", "'/api/*'\n    ]", "route"),
    ("the desktops are not routed", DOOR, "      '/api/desktop/*'\n", "", "route"),
    ("the probe asks for another path", DOOR, "probePath: '/api/health'", "probePath: '/'", "route"),
    (
        "the webhooks' key has another name in the scripts",
        "infra/shell/secrets.sh",
        "WEBHOOK_KEY_NAME=webhook",
        "WEBHOOK_KEY_NAME=dynamics",
        "webhook key",
    ),
    ("one call at a time", APP, "perInstanceConcurrency: 16", "perInstanceConcurrency: 1", "concurrency"),
    ("another Python", APP, "version: '3.13'", "version: '3.11'", "runtime"),
    (
        "an alert on an event that nobody logs",
        "infra/queries/parked.kql",
        '"recording_parked"',
        '"recording_lost"',
        "unknown event",
    ),
    (
        "an event that is logged no more",
        "capture/redundancy/presence.py",
        "Event.PEER_SILENT if silent else Event.PEER_RETURNED",
        "Event.PEER_RETURNED",
        "unknown event",
    ),
    ("a field that the event has not", "infra/queries/lag.kql", "lag_seconds=", "lag=", "unknown field"),
    (
        "a table in which the host writes nothing",
        "infra/queries/wb-latencies.kql",
        "AppTraces\n",
        "AppRequests\n",
        "query table",
    ),
    (
        "a query that no alert has",
        "infra/modules/alerts.bicep",
        "'../queries/two-active.kql'",
        "'../queries/lag.kql'",
        "alert missing",
    ),
    (
        "a rate limit that blocks nobody",
        "infra/modules/firewall.bicep",
        "action: 'Block'\n",
        "action: 'Log'\n",
        "firewall",
    ),
    (
        "a rate limit for one way to write a path",
        "infra/modules/firewall.bicep",
        "'/'\n",
        "'/api/'\n",
        "firewall",
    ),
    (
        "the webhooks' key in the access log",
        "infra/modules/front-door-profile.bicep",
        "matchVariable: 'QueryStringArgNames'",
        "matchVariable: 'RequestIPAddress'",
        "key in a log",
    ),
    (
        "the webhooks' key in the log of the firewall",
        "infra/modules/firewall.bicep",
        "      logScrubbing: {\n        state: 'Enabled'",
        "      logScrubbing: {\n        state: 'Disabled'",
        "key in a log",
    ),
    ("an endpoint before no firewall", DOOR, "id: firewallId", "id: endpoint.id", "firewall"),
    ("a locked policy that is written again", STORAGE, "= if (!archiveLocked) {", "= {", "archive"),
    (
        "staged screens that stay as versions",
        STORAGE,
        "                '${names.screenContainer}/'\n",
        "",
        "old versions",
    ),
    (
        "a lifecycle that deletes recordings",
        STORAGE,
        "                '${names.screenContainer}/'\n",
        "                '${names.archiveContainer}/'\n",
        "old versions",
    ),
    (
        "a store that a private network does not reach",
        MAIN,
        "      { name: 'other-table', id: regionPeer.outputs.storageId, group: 'table' }\n",
        "",
        "private endpoint",
    ),
    (
        "an endpoint of another store",
        MAIN,
        "{ name: 'other-queue', id: regionPeer.outputs.storageId",
        "{ name: 'other-queue', id: regionMain.outputs.storageId",
        "private endpoint",
    ),
    (
        "an archive that is locked unasked",
        MAIN,
        "lockImmutability bool = false",
        "lockImmutability bool = true",
        "archive",
    ),
]


def test_the_templates_themselves_are_good(copy: Path) -> None:
    assert problems(Project(copy)) == []


@pytest.mark.parametrize(
    ("file", "text", "instead", "caught"),
    [mistake[1:] for mistake in MISTAKES],
    ids=[mistake[0].replace(" ", "-") for mistake in MISTAKES],
)
def test_a_mistake_is_caught_by_name(copy: Path, file: str, text: str, instead: str, caught: str) -> None:
    source = (copy / file).read_text()
    pattern = text if re.search(r"\.\*\?|\[\^", text) else re.escape(text)
    changed = re.sub(pattern, lambda _: instead, source, count=1, flags=re.DOTALL)
    assert changed != source, "the mistake must be in the file"
    (copy / file).write_text(changed)
    assert caught in {problem.check for problem in problems(Project(copy))}
