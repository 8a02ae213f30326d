"""`make pictures`: the console of a pair in the lab as Chromium shows it, written into docs/images/."""

import re
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from lab.console_calls import ShownCall, put_call
from lab.damage import forget_days
from lab.pair import NODES, Pair
from lab.processes import ROOT, NotStartedError
from lab.waiting import TimeoutExpiredError, wait_until

_IMAGES = ROOT / "docs" / "images"
_FAILOVER_SECONDS = 60.0
_SETTINGS = {"RECOVERY_DAYS": "1", "RECOVERY_SCHEDULE": "*/5 * * * * *", "LOG_BLOCK_MINUTES": "1"}
_LATE = 30 * 3600
"""Seconds: so late recordings are found only by who asks for them."""


def main() -> int:
    """Take the pictures and return the exit code."""
    program = shutil.which("chromium")
    if program is None:
        print("Chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 1
    try:
        with Pair("pictures", settings=_SETTINGS, tell=print) as pair, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            _take(pair, browser)
    except (NotStartedError, TimeoutExpiredError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _take(pair: Pair, browser: Browser) -> None:
    active = pair.wait_for_active(60)
    pair.organisation.publish(8, recordings_per_call=1)
    pair.organisation.publish(2, recordings_per_call=2)
    time.sleep(15)
    _evidence(pair, _page(browser, pair, active, "light"), _IMAGES / "console-evidence.png")
    call = put_call(pair.storage[active].connection_string, active)
    survivor = NODES[1 - NODES.index(active)]
    for scheme in ("light", "dark"):
        _conversation(_page(browser, pair, active, scheme), call, _IMAGES / f"console-conversation-{scheme}.png")
    page = _page(browser, pair, survivor, "light")
    time.sleep(10)  # samples of the lag
    pair.nodes[active].kill()
    wait_until(
        "the page shows the failover",
        lambda: page.locator(f"[data-node={survivor}]").get_attribute("data-role") == "ACTIVE",
        _FAILOVER_SECONDS,
    )
    time.sleep(6)
    page.get_by_role("button", name="Search").click()
    page.locator("#findings button").first.wait_for()
    page.screenshot(path=_IMAGES / "console-failover.png")


def _page(browser: Browser, pair: Pair, node: str, scheme: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{pair.nodes[node].url}/console")
    page.locator(f"[data-node={node}]").wait_for()
    return page


def _evidence(pair: Pair, page: Page, path: Path) -> None:
    """Two recordings that discovery has missed are fetched, everything is verified, and today is read again."""
    pair.organisation.publish(2, recordings_per_call=1, created_ago_seconds=_LATE)
    for name in NODES:
        forget_days(pair.storage[name].connection_string)
    middle = datetime.now(UTC) - timedelta(seconds=_LATE)
    page.get_by_label("From (UTC)").fill(f"{middle - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("To (UTC)").fill(f"{middle + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Start").click()
    page.locator("#requests tr").filter(has_text="manual").filter(has_text="done").wait_for(timeout=60_000)
    page.get_by_text(re.compile(r"main has [1-9].*peer has [1-9]")).wait_for(timeout=240_000)
    page.evaluate(
        """fetch("/api/console/recovery", { method: "POST", headers: { "x-capture-console": "1" },
        body: JSON.stringify({ kind: "verify" }) })"""
    )
    page.get_by_text("nothing is wrong").wait_for(timeout=60_000)
    page.reload()
    for part in ("#nodes .card", "#lag svg", "#days tbody tr", "#requests tbody tr"):
        page.locator(part).first.wait_for()
    page.get_by_text("the log is whole").wait_for()
    time.sleep(10)  # samples of the lag
    page.screenshot(path=path, full_page=True)
    page.context.close()


def _conversation(page: Page, call: ShownCall, path: Path) -> None:
    page.get_by_label("Conversation id").fill(call.conversation_id)
    page.get_by_label("From day").fill("")
    page.get_by_role("button", name="Search").click()
    page.locator("#findings button").first.click()
    page.get_by_text("Its bytes are what was archived").wait_for()
    page.get_by_role("slider", name="Position in the call").fill("14")
    time.sleep(3)
    page.locator("#conversation").screenshot(path=path)
    page.context.close()


if __name__ == "__main__":
    sys.exit(main())
