"""The console in a browser: it plays a call, seeks, shows a failover, and anybody can use it."""

import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, pair: Pair, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    open_a_call(page, pair)
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
