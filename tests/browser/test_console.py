"""The console in a browser: it plays a call, seeks, shows a failover, and anybody can use it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from lab.console_calls import ShownCall
from lab.pair import NODES, Pair
from lab.stored import read_ledger
from lab.waiting import wait_until
from tests.browser.conftest import CALLS

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
POSITION = "document.querySelector('audio').currentTime"
FAILOVER_MS = 40_000
RECOVERY_MS = 60_000
RECOVERY_EVERY_MS = 5_000


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
    assert said == []


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


def test_a_verification_shows_that_all_is_as_it_was_archived(page: Page, pair: Pair) -> None:
    """Before a call is put into one archive alone, which verification would tell."""
    open_console(page, pair)
    expect(page.locator("#integrity")).to_contain_text("Nothing has been verified yet.")
    name = page.evaluate(
        """fetch("/api/console/recovery", { method: "POST", headers: { "x-capture-console": "1" },
        body: JSON.stringify({ kind: "verify" }) }).then((answer) => answer.json()).then((said) => said.id)"""
    )
    verdict = page.locator("#integrity li").first
    expect(verdict).to_contain_text("nothing is wrong; no block of the log is sealed yet", timeout=RECOVERY_MS)
    expect(verdict).to_contain_text(f"Verification {name}, ended")
    expect(verdict).to_contain_text(f"{2 * CALLS} recordings")


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


def started(page: Page) -> Locator:
    """Start the recovery that is filled in, and return its line."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as taken:
        page.get_by_role("button", name="Start").click()
    name = taken.value.json()["id"]
    expect(page.locator("#recovery-said")).to_have_text(f"Request {name}: waiting")
    return page.locator("#requests tbody tr").filter(has_text=name)


def ask_for(page: Page, ago: timedelta) -> Locator:
    """Start a recovery of the hour around so long ago, and return its line."""
    middle = datetime.now(UTC) - ago
    page.get_by_label("From (UTC)").fill(f"{middle - timedelta(minutes=30):%Y-%m-%dT%H:%M}")
    page.get_by_label("To (UTC)").fill(f"{middle + timedelta(minutes=30):%Y-%m-%dT%H:%M}")
    return started(page)


def figures(line: Locator) -> dict[str, str]:
    """What a line of the requests says, by the title of the column."""
    titles = line.page.locator("#requests th").all_inner_texts()
    return dict(zip(titles, line.locator("td").all_inner_texts(), strict=True))


def suppressed(pair: Pair, ago: timedelta, count: int, **shape: object) -> set[str]:
    """Let recordings appear so late that discovery does not look there any more, and return their ids."""
    before = {each["recording_id"] for each in pair.organisation.published(hashes=False)}
    pair.organisation.publish(count, recordings_per_call=1, created_ago_seconds=ago.total_seconds(), **shape)
    return {each["recording_id"] for each in pair.organisation.published(hashes=False)} - before


def archived(pair: Pair, recordings: set[str]) -> bool:
    """Tell whether both ledgers have copies of them."""
    ledgers = [read_ledger(pair.storage[name].connection_string) for name in NODES]
    return all(recordings <= {row.recording_id for row in ledger if row.copies} for ledger in ledgers)


def test_the_days_show_the_figures_of_what_is_archived(page: Page, pair: Pair) -> None:
    open_console(page, pair)
    line = page.locator("#days tbody tr").filter(has_text=f"{datetime.now(UTC):%Y-%m-%d}")
    line.wait_for()
    titles = page.locator("#days th").all_inner_texts()
    shown = dict(zip(titles, line.locator("td").all_inner_texts(), strict=True))
    assert (shown["completed"], shown["with recording"], shown["archived"]) == (str(CALLS),) * 3
    assert (shown["in Dynamics"], shown["in the ledger"]) == (str(2 * CALLS),) * 2
    assert (shown["compliance"], shown["what is wrong"]) == ("100.00 %", "")


def test_a_recovery_is_started_on_the_page_and_fetches_what_is_missing(page: Page, pair: Pair) -> None:
    ago = timedelta(hours=30)
    late = suppressed(pair, ago, 2)
    open_console(page, pair)
    page.get_by_label("Only report").check()
    line = ask_for(page, ago)
    expect(line).to_contain_text("done", timeout=RECOVERY_MS)
    said = figures(line)
    assert (said["what"], said["detected"], said["recovered"]) == ("report only", "2", "0")
    assert not archived(pair, late)
    page.get_by_label("Only report").uncheck()
    line = ask_for(page, ago)
    expect(line).to_contain_text("done", timeout=RECOVERY_MS)
    said = figures(line)
    assert (said["what"], said["mode"], said["detected"]) == ("recover", "manual", "2")
    assert (said["recovered"], said["failed"]) == ("2", "0")
    assert archived(pair, late)


def test_a_recovery_of_ids_that_dynamics_does_not_know_fails_and_says_so(page: Page, pair: Pair) -> None:
    open_console(page, pair)
    page.get_by_label("or ids").fill("no-such-recording\nno-such-conversation")
    line = started(page)
    expect(line).to_contain_text("done", timeout=RECOVERY_MS)
    assert (figures(line)["detected"], figures(line)["failed"]) == ("2", "2")
    line.get_by_role("button", name="has found").click()
    found = page.locator("#request tbody tr")
    expect(found).to_have_count(2)
    expect(found.filter(has_text="no-such-recording")).to_contain_text("Dynamics has neither a recording")
    assert serious(page) == []


def test_a_recovery_is_stopped_on_the_page_and_taken_up_again(page: Page, pair: Pair) -> None:
    ago = timedelta(hours=40)
    suppressed(pair, ago, 1, file_delay_seconds=None)
    open_console(page, pair)
    line = ask_for(page, ago)
    # Its file does not come, so the request cannot end before it is stopped.
    expect(line).to_contain_text("fetching", timeout=RECOVERY_MS)
    assert (figures(line)["detected"], figures(line)["recovered"]) == ("1", "0")
    line.get_by_role("button", name="Stop").click()
    expect(line).to_contain_text("stopped")
    assert serious(page) == []
    page.wait_for_timeout(2.5 * RECOVERY_EVERY_MS)
    assert figures(line)["status"] == "stopped"
    line.get_by_role("button", name="Resume").click()
    expect(line).to_contain_text("fetching")
    expect(line.get_by_role("button", name="Stop")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, pair: Pair, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    open_a_call(page, pair)
    expect(page.locator("#days")).to_contain_text("100.00 %")
    expect(page.locator("#requests")).to_contain_text("automatic")
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
