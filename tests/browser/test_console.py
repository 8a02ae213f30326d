"""The console in a browser: it plays a call, seeks, shows a failover, and anybody can use it."""

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from lab.console_calls import ShownCall
from lab.pair import NODES, Pair
from lab.waiting import wait_until

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
POSITION = "document.querySelector('audio').currentTime"
FAILOVER_MS = 40_000


def until(page: Page, expression: str) -> None:
    """Wait until it is so. The page's policy does not let Playwright wait inside the page."""
    wait_until(expression, lambda: bool(page.evaluate(expression)), 15)


def open_console(page: Page, pair: Pair, node: str = "main") -> list[str]:
    """Open the page of a node and return the addresses that it asks for, which grow."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{pair.nodes[node].url}/console")
    page.locator("[data-node=peer]").wait_for()
    return asked


def open_a_call(page: Page, pair: Pair) -> None:
    """Find today's calls and open the first one."""
    open_console(page, pair)
    page.get_by_role("button", name="Search").click()
    page.locator("#findings button").first.click()
    until(page, "document.querySelector('audio')?.duration > 1")


def serious(page: Page) -> list[dict[str, Any]]:
    """Ask axe-core for what it finds serious or critical. It is put into the page past the page's policy."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10, "axe has looked"
    return [each for each in found["violations"] if each["impact"] in ("serious", "critical")]


def test_the_page_asks_nobody_but_its_node_and_breaks_no_rule_of_its_policy(page: Page, pair: Pair) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked = open_console(page, pair)
    open_a_call(page, pair)
    page.get_by_text("Its bytes are what was archived").wait_for()
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(pair.nodes["main"].root).netloc}
    # Recovery and verification may not be there: the page says so, the browser notes the 404.
    assert [line for line in said if "404" not in line] == []


def test_a_call_plays_and_can_be_sought_and_hastened(page: Page, pair: Pair) -> None:
    open_a_call(page, pair)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{POSITION} > 0.5")
    page.get_by_role("button", name="Pause").click()
    seek = page.get_by_role("slider", name="Position in the call")
    seek.fill("3")
    until(page, f"Math.abs({POSITION} - 3) < 0.2")
    seek.press("ArrowRight")
    until(page, f"{POSITION} > 3.05")
    page.get_by_label("Speed").select_option("2")
    before = page.evaluate(POSITION)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{POSITION} > {before} + 0.5")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 2
    drawn = (
        "document.querySelector('canvas').getContext('2d').getImageData(0, 0, 400, 60).data.some((each) => each > 0)"
    )
    until(page, drawn)


def test_who_listened_is_kept_without_a_name_in_the_log(page: Page, pair: Pair) -> None:
    open_a_call(page, pair)
    page.get_by_text("Its bytes are what was archived").wait_for()
    assert pair.nodes["main"].count("recording_played") >= 1


def test_a_call_is_found_by_the_end_of_its_number_and_by_its_agent(page: Page, pair: Pair) -> None:
    open_console(page, pair)
    page.get_by_role("button", name="Search").click()
    line = page.locator("#findings tbody tr").first
    agent, number = line.locator("td").nth(1).inner_text().split(", ")[0], line.locator("td").nth(4).inner_text()
    page.get_by_label("Number ends with").fill(number[-7:])
    page.get_by_label("Agent").fill(agent.upper())
    page.get_by_role("button", name="Search").click()
    page.get_by_text("2 found in").wait_for()
    page.get_by_label("Agent").fill("nobody of this name")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("0 found in").wait_for()


def test_a_screen_is_shown_in_step_with_its_call_and_the_line_has_holds_and_agents(
    page: Page, pair: Pair, shown: ShownCall
) -> None:
    open_console(page, pair)
    page.get_by_label("Conversation id").fill(shown.conversation_id)
    page.get_by_label("From day").fill("")
    page.get_by_role("button", name="Search").click()
    page.locator("#findings button").first.click()
    until(page, "document.querySelector('audio')?.duration > 1 && document.querySelector('video')?.readyState > 0")
    assert page.locator("#timeline .hold").count() == 3, "hold and transfer of the session, hold on the screen"
    expect(page.locator("#timeline")).to_contain_text(shown.agent)
    expect(page.locator("#parts")).to_contain_text("hold")
    # The audio ended with the call, so it began a minute minus its length after it; the screen's 2 s after it.
    apart = (
        "document.querySelector('video').currentTime"
        " - (60 - document.querySelector('audio').duration + document.querySelector('audio').currentTime - 2)"
    )
    page.get_by_role("slider", name="Position in the call").fill("10")
    until(page, f"Math.abs({apart}) < 0.5")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{POSITION} > 12 && Math.abs({apart}) < 0.5")
    assert not page.evaluate("document.querySelector('video').paused")
    page.get_by_role("button", name="Pause").click()
    until(page, "document.querySelector('video').paused")


def test_the_page_starts_and_stops_requests_of_recovery(page: Page, pair: Pair) -> None:
    """The page alone, with what answers it made up: that it recovers is shown where recovery is."""
    sent: list[Any] = []
    request = {"id": "r-1", "mode": "period", "from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00Z"}
    request |= {"status": "running", "started": "2026-11-24T00:00:00Z", "ended": None}  # type: ignore[dict-item]
    figures = {"detected": 7, "recovered": 3, "failed": 0}

    def answer(route: Route, asked: Request) -> None:
        if asked.method == "POST":
            assert asked.headers["x-capture-console"] == "1"
            sent.append(asked.post_data_json)
            route.fulfill(json=request | figures)
        else:
            route.fulfill(json=[request | figures] if sent else [])

    page.route("**/api/console/recovery", answer)
    open_console(page, pair)
    page.get_by_label("From (UTC)").fill("2026-11-22T00:00")
    page.get_by_label("To (UTC)").fill("2026-11-23T00:00")
    page.get_by_label("Only report").check()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Stop request r-1").click()
    until(page, "document.getElementById('recovery-said').textContent.includes('r-1')")
    page.get_by_label("or ids").fill("id-1\nid-2")
    page.get_by_role("button", name="Start").click()
    wait_until("three requests were sent", lambda: len(sent) == 3, 10)
    assert sent == [
        {"from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00Z", "dry_run": True},
        {"stop": "r-1"},
        {"ids": ["id-1", "id-2"], "dry_run": True},
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, pair: Pair, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    day = {"day": "2026-11-22", "completed": 9, "with_recording": 8, "archived": 7, "pending": 1, "parked": 0}
    page.route(
        "**/verification*",
        lambda route: route.fulfill(json=[day | {"without_recording": 1, "too_short": 0, "compliance": 0.875}]),
    )
    request = {"id": "r-1", "mode": "period", "from": None, "to": None, "status": "running", "detected": 1}
    page.route(
        "**/recovery",
        lambda route: route.fulfill(json=[request | {"recovered": 0, "failed": 0, "started": None, "ended": None}]),
    )
    open_a_call(page, pair)
    expect(page.locator("#days")).to_contain_text("87.50 %")
    assert serious(page) == []


def test_everything_is_reached_with_the_keyboard(page: Page, pair: Pair) -> None:
    open_console(page, pair)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the search")).to_be_focused()
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.textContent") != "Search":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#findings button").first.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('audio')?.duration > 1")
    while page.evaluate("document.activeElement.id") != "play":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, f"{POSITION} > 0.3")


def test_a_failover_happens_on_the_page_and_the_console_works_with_the_other_node_down(page: Page, pair: Pair) -> None:
    active = pair.wait_for_active(30)
    survivor = NODES[1 - NODES.index(active)]
    open_console(page, pair, survivor)
    expect(page.locator(f"[data-node={active}]")).to_have_attribute("data-role", "ACTIVE")
    pair.nodes[active].kill()
    try:
        expect(page.locator(f"[data-node={survivor}]")).to_have_attribute("data-role", "ACTIVE", timeout=FAILOVER_MS)
        expect(page.locator("#news")).to_have_text(f"{survivor} is ACTIVE now")
        expect(page.locator("#reigns svg")).to_have_attribute("aria-label", re.compile(f"^{survivor} is ACTIVE"))
        expect(page.locator("#alarms")).to_contain_text("node silent")
        page.get_by_role("button", name="Search").click()
        page.locator("#findings button").first.wait_for()
    finally:
        pair.nodes[active].start()
        pair.nodes[active].wait()
