"""infra/release.sh against the stand-ins: the node that is not ACTIVE first, and whatever was begun is completed."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.infra.cloud import Cloud, git

MAIN, PEER = "func-capture-prod-main", "func-capture-prod-peer"


OLD = "0.0.9+000000000000"


def before_it(built: dict[str, Any]) -> dict[str, Any]:
    """Both nodes run code from before; main is ACTIVE."""
    sites = {name: site | {"code": OLD} for name, site in built["sites"].items()}
    return built | {"sites": sites, "active": "main", "changes": [], "violations": []}


@pytest.fixture
def outdated(deployed: Cloud, built: dict[str, Any]) -> Cloud:
    deployed.write(before_it(built))
    return deployed


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, checkout: Path, built: dict[str, Any]) -> Cloud:
    """A release that nothing disturbed: its calls, and the world after each of them."""
    cloud = Cloud(tmp_path_factory.mktemp("course"), checkout)
    cloud.write(before_it(built))
    released(cloud)
    return cloud


def released(cloud: Cloud, *arguments: str) -> list[str]:
    """Release and return what was changed, without the doors."""
    ended = cloud.run("release.sh", *arguments)
    assert ended.code == 0, ended.complained
    return changes(cloud)


def changes(cloud: Cloud) -> list[str]:
    """What was changed, without the doors."""
    return [change for change in cloud.read()["changes"] if not change.startswith("door")]


def version(cloud: Cloud, name: str = MAIN) -> str:
    code: str = cloud.read()["sites"][name]["code"]
    return code


def test_the_node_that_is_not_active_comes_first_and_gets_the_role_before_the_other(outdated: Cloud) -> None:
    kinds = [change.split()[0] + " " + change.split()[-1] for change in released(outdated)]
    assert kinds == ["code peer", "role peer", "code main"]
    world = outdated.read()
    assert world["violations"] == []
    assert world["active"] == "peer"
    assert version(outdated, MAIN) == version(outdated, PEER)
    assert version(outdated).startswith("0.1.0+")


def test_where_peer_is_active_main_comes_first(outdated: Cloud) -> None:
    outdated.change(active="peer")
    kinds = [change.split()[0] + " " + change.split()[-1] for change in released(outdated, "--active", "peer")]
    assert kinds == ["code main", "role main", "code peer", "role peer"]
    assert outdated.read()["violations"] == []


def test_a_second_release_of_the_same_code_does_nothing(deployed: Cloud) -> None:
    assert released(deployed) == []


def test_a_commit_that_changes_no_code_is_no_other_release(checkout_of_its_own: Cloud) -> None:
    cloud = checkout_of_its_own
    (cloud.checkout / "README.md").write_text("Another word.")
    git(cloud.checkout, "add", "-A")
    git(cloud.checkout, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "Documentation")
    assert released(cloud) == []


def test_what_is_in_no_commit_is_not_released(checkout_of_its_own: Cloud) -> None:
    cloud = checkout_of_its_own
    (cloud.checkout / "function_app.py").write_text("# another one")
    ended = cloud.run("release.sh")
    assert ended.code == 1
    assert "git stash" in ended.complained
    assert cloud.read()["changes"] == []


def test_an_earlier_commit_takes_a_release_back(deployed: Cloud) -> None:
    now = version(deployed)
    assert len(released(deployed, "--commit", "HEAD^")) == 3
    assert version(deployed, MAIN) == version(deployed, PEER) != now
    assert deployed.read()["violations"] == []


def test_whatever_call_it_is_killed_at_the_next_run_completes_the_release(outdated: Cloud, course: Cloud) -> None:
    left = [outdated.read(), *course.after]
    assert len(left) > 30
    tried = []
    # A kill leaves the world as the call before it has. Times and doors aside, few of these worlds differ; of those
    # that are alike the last one is taken, whose doors are open.
    for world in reversed(left):
        known = {name: value for name, value in world.items() if name not in ("clock", "changes", "ids", "sites")}
        known["sites"] = {name: {**site, "door": None} for name, site in world["sites"].items()}
        if known in tried:
            continue
        tried.append(known)
        outdated.write(world)
        released(outdated)
        after = outdated.read()
        assert after["violations"] == []
        assert version(outdated, MAIN) == version(outdated, PEER) != OLD
        assert all(site["door"] == [] for site in after["sites"].values())
        assert after["active"] is not None
    assert len(tried) >= 4


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_release_that_is_killed_at_its_deployment_is_completed(outdated: Cloud, course: Cloud, when: str) -> None:
    deployment = next(number for number, call in enumerate(course.journal(), 1) if "config-zip" in call)
    left = course.after[deployment - (2 if when == "before" else 1)]
    killed = outdated.run("release.sh", kill=f"{deployment} {when}")
    assert killed.code == -9
    # The kill has left what the test above takes for what it leaves.
    assert outdated.read()["sites"] == left["sites"]
    assert len(released(outdated)) == 3
    assert outdated.read()["violations"] == []


def test_code_that_does_not_start_stops_at_the_first_node(outdated: Cloud) -> None:
    outdated.change(broken_versions=[version_of_head(outdated)])
    ended = outdated.run("release.sh")
    assert ended.code == 1
    assert "peer is not well after 8 looks" in ended.complained
    assert "The other node goes on as before" in ended.complained
    after = outdated.read()
    assert after["active"] == "main"
    assert version(outdated, MAIN) == OLD
    # It says so again, and touches main as little; an earlier commit repairs it.
    assert outdated.run("release.sh").code == 1
    assert version(outdated, MAIN) == OLD
    released(outdated, "--commit", "HEAD^")
    assert outdated.read()["violations"] == []


def test_a_slow_start_is_waited_for(outdated: Cloud) -> None:
    outdated.change(seconds_to_start=35)
    assert len(released(outdated)) == 3
    assert outdated.read()["violations"] == []


def test_a_deployment_that_fails_is_told_and_made_again_by_the_next_run(outdated: Cloud) -> None:
    outdated.change(faults={"functionapp deployment source config-zip": "(GatewayTimeout) the build took too long"})
    ended = outdated.run("release.sh")
    assert ended.code == 1
    assert "GatewayTimeout" in ended.complained
    assert "Run this again." in ended.complained
    assert outdated.read()["active"] == "main"
    assert all(site["door"] == [] for site in outdated.read()["sites"].values())
    assert len(released(outdated)) == 3


def test_the_only_node_that_works_is_not_taken_down(outdated: Cloud) -> None:
    world = outdated.read()
    world["sites"][PEER] |= {"stuck": True, "code": version_of_head(outdated)}
    outdated.write(world)
    ended = outdated.run("release.sh")
    assert ended.code == 1
    assert "peer is not well after 8 looks: version 0.1.0+" in ended.complained
    assert "role UNKNOWN" in ended.complained
    assert version(outdated, MAIN) == OLD
    assert outdated.read()["violations"] == []
    assert outdated.run("release.sh", "--alone").code == 0
    assert version(outdated, MAIN) == version_of_head(outdated)


def test_where_a_region_is_gone_the_other_node_is_released_alone(outdated: Cloud) -> None:
    world = outdated.read()
    world["sites"][PEER]["broken"] = True
    outdated.write(world)
    # Without the word nobody is taken down but who does not work anyway.
    assert outdated.run("release.sh").code == 0
    first, *_ = changes(outdated)
    assert (first.split()[0], first.split()[-1]) == ("code", "peer")
    outdated.write(world)
    ended = outdated.run("release.sh", "--alone")
    assert ended.code == 0, ended.complained
    assert "peer is not well; nobody captures while main restarts" in ended.said
    assert [change.split()[0] + " " + change.split()[-1] for change in changes(outdated)] == ["code main", "code peer"]


def test_it_lets_itself_in_and_out_again(outdated: Cloud) -> None:
    released(outdated)
    doors = [change for change in outdated.read()["changes"] if change.startswith("door")]
    assert doors == ["door of main opened", "door of peer opened", "door of main closed", "door of peer closed"]
    rule = next(call for call in outdated.journal() if "add" in call)
    assert "198.51.100.7/32" in rule


def test_keys_are_no_arguments(outdated: Cloud) -> None:
    ended = outdated.run("release.sh")
    arguments = " ".join(argument for call in outdated.journal() for argument in call)
    assert not any(secret in arguments + ended.said + ended.complained for secret in outdated.read()["secrets"])


def test_without_a_deployment_it_says_what_comes_first(cloud: Cloud) -> None:
    ended = cloud.run("release.sh")
    assert ended.code == 1
    assert "infra/deploy.sh" in ended.complained


def version_of_head(cloud: Cloud) -> str:
    script = (
        f"source {cloud.checkout}/infra/shell/say.sh; source {cloud.checkout}/infra/shell/package.sh; "
        f'know_package {cloud.checkout} HEAD; printf %s "$PACKAGE_VERSION"'
    )
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout
