"""Both nodes as far as a release sees them: code, start, role, door. Every request takes five seconds of their time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.infra.standins.world import Refused, World, changed

_START = datetime(2026, 11, 25, tzinfo=UTC)
ADDRESS = "198.51.100.7"


def text(seconds: int) -> str:
    return (_START + timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "Z")


def site_named(world: World, name: str) -> World:
    site = world["sites"].get(name)
    if site is None:
        raise Refused(f"(ResourceNotFound) The Resource 'Microsoft.Web/sites/{name}' was not found.", 3)
    return site


def is_up(world: World, site: World) -> bool:
    return site["code"] is not None and world["clock"] >= site["up_at"] and not site["broken"]


def may_lead(world: World, site: World) -> bool:
    valid = {each["secret"] for app in world["applications"] for each in app["credentials"]}
    return is_up(world, site) and not site["stuck"] and (site["secret"] is None or site["secret"] in valid)


def settle(world: World) -> None:
    """Who cannot be ACTIVE any more loses the role to the other one, if that can."""
    able = {site["node"] for site in world["sites"].values() if may_lead(world, site)}
    if world["active"] not in able:
        world["active"] = min(able, default=None)


def need_host(site: World) -> None:
    """The host keeps its keys itself; on Flex Consumption it does not run before it has code."""
    if site["code"] is None:
        raise Refused("(BadRequest) Encountered an error (ServiceUnavailable) from host runtime.")


def take_down(world: World, site: World, seconds: int, why: str) -> None:
    """Restart a site. The only node that works must not be taken down: what a test looks for."""
    others = [each for each in world["sites"].values() if each is not site]
    if world["active"] == site["node"]:
        world["violations"].append(f"{why} of {site['node']}, which was ACTIVE")
    if is_up(world, site) and not any(is_up(world, each) for each in others):
        world["violations"].append(f"{why} of {site['node']}, which was the only one")
    site["up_at"] = world["clock"] + seconds
    settle(world)


def deploy(world: World, site: World, version: str) -> None:
    take_down(world, site, world["seconds_to_start"], "deployment")
    site["code"], site["broken"] = version, version in world["broken_versions"]
    settle(world)
    changed(world, f"code {version} to {site['node']}")


def restart(world: World, site: World, vault: dict[str, str]) -> None:
    take_down(world, site, world["seconds_to_start"], "restart")
    site["secret"] = vault.get("dynamics-client-secret")
    changed(world, f"restart of {site['node']}")


def answer(
    world: World, name: str, request: tuple[str, str], key: str | None, body: str
) -> tuple[int, dict[str, str], str]:
    """Answer one request (method and path): status, headers, body."""
    world["clock"] += 5
    settle(world)
    site = site_named(world, name)
    if site["locked"] and not any(rule["ip_address"] == f"{ADDRESS}/32" for rule in site["door"]):
        return 403, {"x-ms-forbidden-ip": ADDRESS}, "<html>Ip Forbidden</html>"
    if site["code"] is None:
        return 404, {}, ""
    if not is_up(world, site):
        return 503, {}, ""
    if request == ("GET", "health"):
        return 200, {}, json.dumps({"healthy": True, "problems": []})
    return _with_key(world, site, request, key, body)


def _with_key(
    world: World, site: World, request: tuple[str, str], key: str | None, body: str
) -> tuple[int, dict[str, str], str]:
    if key != site["master_key"]:  # the key of the webhooks is one of another function
        return 401, {}, ""
    if request == ("GET", "status"):
        return 200, {}, json.dumps(_status(world, site))
    if request == ("POST", "role") and key == site["master_key"]:
        world["active"] = json.loads(body)["active"]
        settle(world)
        changed(world, f"role to {world['active']}")
        return 202, {}, body
    return 404, {}, ""


def _status(world: World, site: World) -> dict[str, Any]:
    ticks = world["clock"] - world["clock"] % 5 - (2 if world["clock"] % 5 == 0 else 0)
    role = "UNKNOWN" if site["stuck"] else "ACTIVE" if world["active"] == site["node"] else "READY"
    refused = (
        None if may_lead(world, site) else {"at": text(ticks), "text": "Entra says that the client secret is wrong"}
    )
    status = {
        "node": site["node"],
        "at": text(world["clock"]),
        "role": role,
        "heartbeat": {"last_heartbeat": text(ticks), "age_seconds": 2, "role": role, "epoch": 1},
        "lag_seconds": 912,
        "archived": world["archived"],
        "parked": 0,
        "outbox": {"waiting": 0, "oldest_seconds": 0},
        "last_error": refused,
    }
    # Code from before the version was told does not tell it.
    return status if site["code"] == "old" else {"version": site["code"], **status}
