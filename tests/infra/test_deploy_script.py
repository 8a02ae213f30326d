"""infra/deploy.sh and what it calls, against the stand-ins of az and curl."""

import re
import time

import pytest

from tests.infra.cloud import ROOT, TENANT, Cloud

OPENING = ("door of main opened", "door of main closed", "door of peer opened", "door of peer closed")


def succeeded(cloud: Cloud) -> Cloud:
    ended = cloud.run("deploy.sh")
    assert ended.code == 0, ended.complained
    return cloud


def test_one_command_builds_everything_in_the_order_that_it_needs(cloud: Cloud) -> None:
    ended = cloud.run("deploy.sh")
    assert ended.code == 0, ended.complained
    world = cloud.read()
    kinds = [change.split()[0] for change in world["changes"] if not change.startswith("door")]
    assert kinds == [
        *("application", "principal", "application", "principal"),
        *("credential", "credential"),
        "deployment",
        *("role", "privileges", "user", "role", "user", "role"),
        *("code", "code"),
        *("key", "key"),
    ]
    assert world["active"] is not None
    assert {site["code"] for site in world["sites"].values()} == {world["sites"]["func-capture-prod-main"]["code"]}
    assert {site["function_keys"]["webhook"] for site in world["sites"].values()} <= set(world["secrets"])
    assert len({site["function_keys"]["webhook"] for site in world["sites"].values()}) == 1
    assert ended.said.endswith("address for the webhooks: https://capture.azurefd.net/api/recording\n")


def test_a_second_run_changes_nothing(deployed: Cloud) -> None:
    before = deployed.read()
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    after = deployed.read()
    # To ask the nodes for their version the script lets itself in and out again; there is nothing else.
    assert sorted(after["changes"]) == sorted(OPENING)
    same = set(before) - {"changes", "clock"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert "the resources are as the parameter file says" in ended.said


def test_a_second_run_changes_nothing_even_if_what_if_cannot_tell(deployed: Cloud) -> None:
    deployed.change(what_if_blind=True)
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    assert sorted(deployed.read()["changes"]) == sorted(OPENING)


def test_what_was_changed_by_hand_is_undone_when_a_person_says_so(deployed: Cloud) -> None:
    ended = deployed.run("deploy.sh", "--again")
    assert ended.code == 0, ended.complained
    assert deployed.read()["changes"].count("deployment capture-prod") == 1


@pytest.mark.parametrize("file", ["main.bicep", "names.json", "modules/storage.bicep", "queries/lag.kql"])
def test_a_change_of_anything_that_the_templates_are_made_from_is_deployed(deployed: Cloud, file: str) -> None:
    changed = deployed.checkout / "infra" / file
    was = changed.read_text() if changed.exists() else None
    changed.parent.mkdir(exist_ok=True)
    changed.write_text((was or "") + "\n")
    try:
        ended = deployed.run("deploy.sh")
    finally:
        changed.unlink() if was is None else changed.write_text(was)
    assert ended.code == 0, ended.complained
    assert "deployment capture-prod" in deployed.read()["changes"]


def test_what_the_templates_load_is_in_the_number_that_tells_a_change() -> None:
    endings = re.findall(r"-name '\*(\.\w+)'", (ROOT / "infra" / "shell" / "resources.sh").read_text())
    folder = ROOT / "infra"
    loaded = {
        (template.parent / name).resolve()
        for template in folder.rglob("*.bicep")
        for name in re.findall(r"load\w+\('([^']+)'", template.read_text())
    }
    assert len(loaded) > 10
    assert all(file.is_relative_to(folder) and file.suffix in endings for file in loaded)


def test_every_secret_parameter_has_a_name_by_which_it_is_kept_out_of_the_number() -> None:
    secrets = re.findall(r"@secure\(\)\n(?:@description.*\n)?param (\w+)", (ROOT / "infra" / "main.bicep").read_text())
    assert len(secrets) == 6
    assert all(re.fullmatch(r"clientSecret(Main|Peer)|\w+(Secret|SecretPrevious)", name) for name in secrets)


def test_a_secret_that_the_vaults_have_already_is_not_deployed_again(deployed: Cloud) -> None:
    vaults = deployed.read()["vaults"]
    same = {f"CLIENT_SECRET_{node.upper()}": vaults[f"kv-capture-prod-{node}"]["dynamics-client-secret"]
            for node in ("main", "peer")}  # fmt: skip
    assert deployed.run("deploy.sh", **same).code == 0
    assert sorted(deployed.read()["changes"]) == sorted(OPENING)
    ended = deployed.run("deploy.sh", CLIENT_SECRET_PEER="another~secret-of-a-person")
    assert ended.code == 0, ended.complained
    assert "deployment capture-prod" in deployed.read()["changes"]
    kept = [vault["dynamics-client-secret"] for vault in deployed.read()["vaults"].values()]
    assert kept == [same["CLIENT_SECRET_MAIN"], "another~secret-of-a-person"]


def test_another_secret_of_the_desktops_is_deployed(deployed: Cloud) -> None:
    for number, secret in enumerate(("of-the-desktops", "of-the-desktops", "another-one"), 1):
        deployed.forget()
        assert deployed.run("deploy.sh", DESKTOP_SECRET=secret).code == 0
        made = deployed.read()["changes"].count("deployment capture-prod")
        assert made == (0 if number == 2 else 1)
        time.sleep(1.1)  # a deployment is named by the second
    assert {vault["desktop-secret"] for vault in deployed.read()["vaults"].values()} == {"another-one"}


def test_each_node_has_its_own_credential_and_reads_only_what_it_needs(deployed: Cloud) -> None:
    world = deployed.read()
    assert [each["displayName"] for each in world["applications"]] == ["capture-prod-main", "capture-prod-peer"]
    secrets = [vault["dynamics-client-secret"] for vault in world["vaults"].values()]
    assert sorted(secrets) == sorted(app["credentials"][0]["secret"] for app in world["applications"])
    role = world["dataverse"]["roles"][0]
    assert all(privilege.startswith("prvRead") for privilege in role["privileges"])
    assert set(role["privileges"].values()) == {"Global"}
    users = world["dataverse"]["users"]
    assert [user["applicationid"] for user in users] == [app["appId"] for app in world["applications"]]
    assert all(user["roles"] == [role["roleid"]] for user in users)


def test_no_secret_is_an_argument_or_printed_or_in_a_file(cloud: Cloud) -> None:
    ended = cloud.run("deploy.sh")
    arguments = [argument for call in cloud.journal() for argument in call]
    secrets = cloud.read()["secrets"]
    assert len(secrets) >= 5
    for secret in secrets:
        assert not any(secret in argument for argument in arguments)
        assert secret not in ended.said + ended.complained
        assert not any(secret in file.read_text() for file in cloud.folder.rglob("*.bicepparam"))


@pytest.mark.parametrize("call", [13, 20])
def test_a_killed_deployment_is_completed_by_the_next_one(cloud: Cloud, call: int) -> None:
    killed = cloud.run("deploy.sh", kill=f"{call} after")
    assert killed.code == -9
    ended = cloud.run("deploy.sh")
    assert ended.code == 0, ended.complained
    world = cloud.read()
    assert len(world["applications"]) == len(world["dataverse"]["users"]) == 2
    assert len(world["dataverse"]["roles"]) == 1
    for application, node in zip(world["applications"], ("main", "peer"), strict=True):
        kept = world["vaults"][f"kv-capture-prod-{node}"]["dynamics-client-secret"]
        assert kept in [each["secret"] for each in application["credentials"]]
    assert len({site["code"] for site in world["sites"].values()}) == 1
    assert all(site["door"] == [] for site in world["sites"].values())


def test_a_deployment_killed_between_the_keys_gives_both_nodes_the_same(deployed: Cloud) -> None:
    world = deployed.read()
    kept = world["sites"]["func-capture-prod-main"]["function_keys"]["webhook"]
    world["sites"]["func-capture-prod-peer"]["function_keys"] = {}
    deployed.write(world)
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    assert [site["function_keys"] for site in deployed.read()["sites"].values()] == 2 * [{"webhook": kept}]


def test_a_key_that_a_person_gives_goes_to_both_nodes(deployed: Cloud) -> None:
    ended = deployed.run("deploy.sh", WEBHOOK_KEY="given-by-a-person")
    assert ended.code == 0, ended.complained
    assert {site["function_keys"]["webhook"] for site in deployed.read()["sites"].values()} == {"given-by-a-person"}
    assert "given-by" not in ended.said + ended.complained


def test_a_change_of_the_parameters_is_deployed(deployed: Cloud) -> None:
    deployed.parameters.write_text(deployed.parameters.read_text().replace("swedencentral", "francecentral"))
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    assert "deployment capture-prod" in deployed.read()["changes"]
    assert "Modify" in ended.said


def test_what_if_changes_nothing_even_before_there_is_anything(cloud: Cloud) -> None:
    ended = cloud.run("what-if.sh")
    assert ended.code == 0, ended.complained
    assert cloud.read()["changes"] == []
    assert "1 to create" in ended.said


def test_what_if_says_which_providers_a_fresh_subscription_lacks(cloud: Cloud) -> None:
    cloud.change(providers={"Microsoft.Web": "Registered", "Microsoft.Cdn": "NotRegistered"})
    ended = cloud.run("what-if.sh")
    assert ended.code == 0, ended.complained
    assert "not registered in this subscription: Microsoft.App Microsoft.Storage " in ended.said
    assert "Microsoft.Cdn" in ended.said
    assert "Microsoft.Web" not in ended.said
    assert cloud.read()["changes"] == []


def test_what_if_after_a_deployment_tells_no_change(cloud: Cloud) -> None:
    assert cloud.run("deploy.sh", DESKTOP_SECRET="of-the-desktops").code == 0
    cloud.forget()
    ended = cloud.run("what-if.sh")
    assert ended.code == 0, ended.complained
    assert "Resource changes: no change." in ended.said
    assert cloud.read()["changes"] == []


def test_federated_credentials_come_without_any_secret(cloud: Cloud) -> None:
    cloud.parameters.write_text(cloud.parameters.read_text().replace("Credentials = false", "Credentials = true"))
    succeeded(cloud)
    world = cloud.read()
    assert all(app["credentials"] == [] for app in world["applications"])
    assert all(vault == {} for vault in world["vaults"].values())
    for application, node in zip(world["applications"], ("main", "peer"), strict=True):
        [trusted] = application["federated"]
        assert trusted["subject"] == f"principal-of-{node}"
        assert trusted["issuer"] == f"https://login.microsoftonline.com/{TENANT}/v2.0"
        assert trusted["audiences"] == ["api://AzureADTokenExchange"]


def test_a_pair_with_secrets_gets_the_federated_credentials_before_it_uses_them(deployed: Cloud) -> None:
    deployed.parameters.write_text(deployed.parameters.read_text().replace("Credentials = false", "Credentials = true"))
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    world = deployed.read()
    kinds = [" ".join(change.split()[:2]) for change in world["changes"] if not change.startswith("door")]
    assert kinds == ["federated credential", "federated credential", "deployment capture-prod"]
    # What is not used any more is told with the command that deletes it.
    left = re.findall(r"az ad app credential delete --id (\S+) --key-id (\S+)", ended.said)
    assert left == [(app["appId"], each["keyId"]) for app in world["applications"] for each in app["credentials"]]
    assert len(left) == 2
    for application in world["applications"]:
        application["credentials"] = []
    deployed.write(world)
    deployed.forget()
    assert "credential" not in deployed.run("deploy.sh").said
    assert sorted(deployed.read()["changes"]) == sorted(OPENING)


def test_a_federated_credential_of_another_identity_is_brought_up_to_date(deployed: Cloud) -> None:
    assert deployed.run("entra.sh", "federate").code == 0
    world = deployed.read()
    assert [len(app["federated"]) for app in world["applications"]] == [1, 1]
    world["applications"][0]["federated"][0]["subject"] = "principal-of-before"
    deployed.write(world)
    assert deployed.run("entra.sh", "federate").code == 0
    assert deployed.read()["applications"][0]["federated"][0]["subject"] == "principal-of-main"
    deployed.forget()
    assert deployed.run("entra.sh", "federate").code == 0
    assert deployed.read()["changes"] == []


def test_a_secret_that_a_person_has_is_used_and_none_is_made(cloud: Cloud) -> None:
    ended = cloud.run("deploy.sh", said="typed-for-main\ntyped-for-peer\n", ASK_SECRETS="1")
    assert ended.code == 0, ended.complained
    world = cloud.read()
    assert [vault["dynamics-client-secret"] for vault in world["vaults"].values()] == [
        "typed-for-main",
        "typed-for-peer",
    ]
    assert all(app["credentials"] == [] for app in world["applications"])
    assert "typed-for" not in ended.said + ended.complained


def test_what_azd_has_provisioned_gets_its_secrets_afterwards(deployed: Cloud) -> None:
    world = deployed.read()
    for vault in world["vaults"].values():
        vault.clear()
    for site in world["sites"].values():
        site |= {"function_keys": {}, "expires": ""}
    deployed.write(world)
    # azd names its deployment itself and gives the outputs to its hooks.
    [made] = world["deployments"].values()
    outputs = {name: output["value"] for name, output in made["outputs"].items()}
    deployed.change(deployments={"azd-1": made})
    ended = deployed.run("deploy.sh", "--provisioned", **outputs)
    assert ended.code == 0, ended.complained
    world = deployed.read()
    assert all("dynamics-client-secret" in vault for vault in world["vaults"].values())
    # The nodes looked into empty vaults before, and would go on with that.
    shown = [
        call for call in deployed.journal() if any("/configreferences/appsettings/refresh" in each for each in call)
    ]
    assert len(shown) == 2
    assert {site["expires"] for site in world["sites"].values()} == {"2027-11-25"}
    assert len({site["function_keys"]["webhook"] for site in world["sites"].values()}) == 1
    assert not any(change.startswith("deployment") for change in world["changes"])
    arguments = " ".join(argument for call in deployed.journal() for argument in call)
    assert not any(secret in arguments + ended.said + ended.complained for secret in world["secrets"])


def test_azd_learns_before_it_makes_the_resources_what_a_deployment_would_know(deployed: Cloud) -> None:
    deployed.change(policies={"rg-capture-prod-main": "Locked", "rg-capture-prod-peer": "Unlocked"})
    [made] = deployed.read()["deployments"].values()
    outputs = {name: output["value"] for name, output in made["outputs"].items()}
    # azd remembers what it was told the last time, which was about another secret.
    ended = deployed.run("deploy.sh", "--before", CLIENT_SECRET_EXPIRES_MAIN="2026-01-01", **outputs)
    assert ended.code == 0, ended.complained
    ids = [application["appId"] for application in deployed.read()["applications"]]
    assert ended.said.splitlines()[1:] == [
        *(f"CLIENT_ID_MAIN={ids[0]}", "CLIENT_SECRET_EXPIRES_MAIN=2027-11-25", "ARCHIVE_LOCKED_MAIN=true"),
        *(f"CLIENT_ID_PEER={ids[1]}", "CLIENT_SECRET_EXPIRES_PEER=2027-11-25", "ARCHIVE_LOCKED_PEER=false"),
    ]
    assert deployed.read()["changes"] == []


def test_before_the_first_time_azd_learns_of_the_registrations(cloud: Cloud) -> None:
    ended = cloud.run("deploy.sh", "--before")
    assert ended.code == 0, ended.complained
    assert [line.partition("=")[0] for line in ended.said.splitlines() if line[0] in "AC"] == [
        *("CLIENT_ID_MAIN", "ARCHIVE_LOCKED_MAIN"),
        *("CLIENT_ID_PEER", "ARCHIVE_LOCKED_PEER"),
    ]
    assert len(cloud.read()["applications"]) == 2
    assert cloud.read()["deployments"] == {}


MISTAKES = [
    ({"account": None}, "", "az login --tenant"),
    ({"account": {"name": "x", "id": "s", "tenantId": "another"}}, "", "the parameter file says"),
    ({"bicep": False}, "", "az bicep install"),
    ({}, "param tenantId", "Add: param tenantId"),
    ({}, "param fingerprint", "param fingerprint = readEnvironmentVariable('FINGERPRINT', '')"),
    ({}, "param clientSecretMain", "param clientSecretMain = readEnvironmentVariable('CLIENT_SECRET_MAIN', '')"),
]


@pytest.mark.parametrize(("world", "without", "remedy"), MISTAKES)
def test_a_mistake_is_told_with_its_remedy_before_anything_is_built(
    cloud: Cloud, world: dict[str, object], without: str, remedy: str
) -> None:
    cloud.change(**world)
    if without:
        lines = cloud.parameters.read_text().splitlines()
        cloud.parameters.write_text("\n".join(line for line in lines if not line.startswith(without)))
    ended = cloud.run("deploy.sh")
    assert ended.code == 1
    assert remedy in ended.complained
    assert cloud.read()["deployments"] == {}


def test_another_subscription_than_the_one_that_was_meant_is_left_alone(cloud: Cloud) -> None:
    ended = cloud.run("deploy.sh", AZURE_SUBSCRIPTION_ID="33333333-3333-4333-8333-333333333333")
    assert ended.code == 1
    assert "az account set --subscription 33333333" in ended.complained
    assert cloud.read()["changes"] == []


def test_a_failed_deployment_is_told_and_does_not_hide_what_there_was(deployed: Cloud) -> None:
    before = deployed.read()
    deployed.change(quota_exceeded=True)
    deployed.parameters.write_text(deployed.parameters.read_text().replace("swedencentral", "francecentral"))
    ended = deployed.run("deploy.sh")
    assert ended.code == 1
    assert "QuotaExceeded" in ended.complained
    assert "run the same command again" in ended.complained
    deployed.change(quota_exceeded=False)
    time.sleep(1.1)  # a deployment is named by the second
    world = succeeded(deployed).read()
    # Another key would shut the webhooks out, another secret would be one too many.
    assert world["sites"] == before["sites"]
    assert world["vaults"] == before["vaults"]
    assert world["applications"] == before["applications"]


def test_an_organisation_without_omnichannel_is_told(deployed: Cloud) -> None:
    world = deployed.read()
    world["dataverse"]["missing_tables"] = ["msdyn_ocrecording"]
    deployed.write(world)
    ended = deployed.run("dataverse_users.sh")
    assert ended.code == 1
    assert "Is Omnichannel (Contact Center) installed there?" in ended.complained


def test_providers_that_are_not_registered_are(cloud: Cloud) -> None:
    cloud.change(providers={"Microsoft.Web": "Registered"}, faults={"ad app list": "(Stop) that was enough"})
    assert cloud.run("deploy.sh").code == 1
    assert set(cloud.read()["providers"].values()) == {"Registered"}
    assert len(cloud.read()["changes"]) == 8


def test_the_day_on_which_a_secret_ends_goes_to_the_node(deployed: Cloud) -> None:
    assert {site["expires"] for site in deployed.read()["sites"].values()} == {"2027-11-25"}


def test_the_secret_of_the_desktops_is_kept_without_being_given_again(deployed: Cloud) -> None:
    given = deployed.run("deploy.sh", DESKTOP_SECRET="of-the-desktops")
    assert given.code == 0, given.complained
    assert all(site["desktops"] for site in deployed.read()["sites"].values())
    deployed.forget()
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    assert sorted(deployed.read()["changes"]) == sorted(OPENING)
    assert "of-the-desktops" not in ended.said + ended.complained + given.said + given.complained


def test_archives_are_locked_only_when_a_person_names_the_account(deployed: Cloud) -> None:
    deployed.parameters.write_text(
        deployed.parameters.read_text().replace("Immutability = false", "Immutability = true")
    )
    deployed.change(policies={"rg-capture-prod-main": "Unlocked", "rg-capture-prod-peer": "Unlocked"})
    ended = deployed.run("deploy.sh", said="stprodmain\nyes\n")
    assert ended.code == 0, ended.complained
    assert deployed.read()["policies"] == {"rg-capture-prod-main": "Locked", "rg-capture-prod-peer": "Unlocked"}
    assert "This cannot be undone" in ended.said
    assert "It was not locked; the next run asks again." in ended.said


def test_a_locked_archive_is_left_as_it_is_by_the_next_deployment(deployed: Cloud) -> None:
    deployed.change(policies={"rg-capture-prod-main": "Locked", "rg-capture-prod-peer": "Unlocked"})
    deployed.parameters.write_text(deployed.parameters.read_text().replace("swedencentral", "francecentral"))
    ended = deployed.run("deploy.sh")
    assert ended.code == 0, ended.complained
    assert "deployment capture-prod" in deployed.read()["changes"]
    text = re.sub(r"param archiveLockedMain.*\n", "", deployed.parameters.read_text())
    deployed.parameters.write_text(text)
    ended = deployed.run("deploy.sh")
    assert ended.code == 1
    assert "param archiveLockedMain = bool(readEnvironmentVariable('ARCHIVE_LOCKED_MAIN', 'false'))" in ended.complained


def test_the_role_reads_the_tables_that_the_code_reads_and_no_others() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "capture" / "omnichannel").glob("*.py"))
    script = (ROOT / "infra" / "dataverse_users.sh").read_text()
    granted = set(re.findall(r"TABLES='([^']+)'", script)[0].split())
    sets = {"msdyn_ocphonecallengagementctx": "msdyn_ocphonecallengagementctxes"}
    read = {table for table in granted if f'"{sets.get(table, f"{table}s")}"' in sources}
    assert read == granted
    assert set(re.findall(r'"((?:msdyn_\w+|systemuser)(?:s|es))"', sources)) == {sets.get(t, f"{t}s") for t in granted}
