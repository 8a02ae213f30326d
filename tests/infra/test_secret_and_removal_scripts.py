"""infra/rotate_secret.sh and infra/destroy.sh against the stand-ins."""

import re

from tests.infra.cloud import ROOT, Cloud

YES = "prod\ndelete the recordings\n"


def secrets(cloud: Cloud) -> list[str]:
    return [vault["dynamics-client-secret"] for vault in cloud.read()["vaults"].values()]


def test_both_nodes_get_a_new_secret_one_after_the_other_and_the_old_ones_go(deployed: Cloud) -> None:
    old, active = secrets(deployed), deployed.read()["active"]
    ended = deployed.run("rotate_secret.sh")
    assert ended.code == 0, ended.complained
    world = deployed.read()
    assert not set(secrets(deployed)) & set(old)
    assert [[each["secret"] for each in app["credentials"]] for app in world["applications"]] == [
        [secret] for secret in secrets(deployed)
    ]
    assert world["violations"] == []
    restarts = [change for change in world["changes"] if change.startswith("restart")]
    assert restarts[1] == f"restart of {active}"
    assert len(restarts) == 2
    arguments = " ".join(argument for call in deployed.journal() for argument in call)
    assert not any(secret in arguments + ended.said + ended.complained for secret in world["secrets"])


def test_a_rotation_that_is_killed_leaves_valid_secrets_and_is_completed(deployed: Cloud) -> None:
    assert deployed.run("rotate_secret.sh", "peer").code == 0
    journal = deployed.journal()
    points = [number for number, call in enumerate(journal, 1) if {"reset", "secret", "delete"} & set(call)]
    left = [deployed.after[number - 1] for number in points]
    assert len(left) == 3
    for world in left:
        valid = [each["secret"] for app in world["applications"] for each in app["credentials"]]
        assert all(vault["dynamics-client-secret"] in valid for vault in world["vaults"].values())
        assert all(site["secret"] in valid for site in world["sites"].values())
        deployed.write(world)
        ended = deployed.run("rotate_secret.sh", "peer")
        assert ended.code == 0, ended.complained
        after = deployed.read()
        assert len(after["applications"][1]["credentials"]) == 1
        assert after["violations"] == []


def test_an_old_secret_stays_while_the_new_one_is_refused(deployed: Cloud) -> None:
    deployed.change(faults={"keyvault secret set": "(Forbidden) Caller is not authorized"})
    ended = deployed.run("rotate_secret.sh", "peer")
    assert ended.code == 1
    assert "Key Vault Secrets Officer" in ended.complained
    valid = [each["secret"] for each in deployed.read()["applications"][1]["credentials"]]
    assert secrets(deployed)[1] in valid


def test_destroying_asks_twice(deployed: Cloud) -> None:
    for said in ("", "yes\n", "prod\n", "prod\nyes\n", "\ndelete the recordings\n"):
        ended = deployed.run("destroy.sh", said=said)
        assert ended.code == 1
        assert "othing was deleted" in ended.complained
    assert deployed.read()["changes"] == []
    ended = deployed.run("destroy.sh", said=YES)
    assert ended.code == 0, ended.complained
    world = deployed.read()
    assert world["groups"] == []
    assert world["deployments"] == {}
    assert len(world["applications"]) == 2


def test_what_a_failed_first_deployment_has_left_is_taken_away(cloud: Cloud) -> None:
    cloud.change(quota_exceeded=True)
    assert cloud.run("deploy.sh").code == 1
    assert [each["state"] for each in cloud.read()["deployments"].values()] == ["Failed"]
    cloud.change(groups=["rg-capture-prod-main", "rg-capture-prod-witness"])
    ended = cloud.run("destroy.sh", said=YES)
    assert ended.code == 0, ended.complained
    assert "nothing was ever recorded here" in ended.said
    assert cloud.read()["groups"] == []
    assert cloud.read()["deployments"] == {}
    ended = cloud.run("destroy.sh", said=YES)
    assert ended.code == 1
    assert "there is no deployment capture-prod that has succeeded" in ended.complained


def test_the_groups_have_the_names_that_the_templates_give() -> None:
    named = re.findall(
        r"name: 'rg-\$\{namePrefix\}-\$\{environmentName\}-(\w+)'", (ROOT / "infra" / "main.bicep").read_text()
    )
    assert named == ["main", "peer", "witness"]
    assert 'printf "rg-$PREFIX-$ENVIRONMENT-%s\\n" main peer witness' in (ROOT / "infra" / "destroy.sh").read_text()


def test_another_pair_of_the_same_environment_is_left_alone(deployed: Cloud) -> None:
    deployed.parameters.write_text(deployed.parameters.read_text().replace("'capture'", "'other'"))
    ended = deployed.run("destroy.sh", said=YES)
    assert ended.code == 1
    assert "there is no deployment other-prod that has succeeded" in ended.complained
    assert deployed.read()["changes"] == []


def test_the_applications_go_when_that_is_wanted(deployed: Cloud) -> None:
    assert deployed.run("destroy.sh", "--with-applications", said=YES).code == 0
    assert deployed.read()["applications"] == []


def test_it_says_what_of_the_archive_survives(deployed: Cloud) -> None:
    deployed.change(policies={"rg-capture-prod-main": "Locked", "rg-capture-prod-peer": "Unlocked"})
    ended = deployed.run("destroy.sh", said=YES)
    assert "main: stprodmain survives: its policy is locked" in ended.said
    assert "peer: stprodpeer goes with all recordings: its policy (365 days) is not locked" in ended.said
    # What is locked is kept by Azure; that is told, and the rest has gone.
    assert ended.code == 1
    assert "Azure has kept: rg-capture-prod-main" in ended.complained
    assert deployed.read()["groups"] == ["rg-capture-prod-main"]
    assert deployed.read()["deployments"] != {}


def test_a_killed_removal_is_completed_and_locks_are_taken_away(deployed: Cloud) -> None:
    deployed.change(locks={"rg-capture-prod-peer": ["/locks/keep-the-archive"]})
    world = deployed.read()
    assert deployed.run("destroy.sh", said=YES).code == 0
    deletion = next(number for number, call in enumerate(deployed.journal(), 1) if call[1:3] == ["group", "delete"])
    deployed.write(world)
    assert deployed.run("destroy.sh", said=YES, kill=f"{deletion} after").code == -9
    assert len(deployed.read()["groups"]) == 2
    ended = deployed.run("destroy.sh", said=YES)
    assert ended.code == 0, ended.complained
    assert "main: gone already" in ended.said
    assert deployed.read()["groups"] == []
