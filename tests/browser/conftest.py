"""A pair of the lab with calls in it, and Debian's Chromium before it. Without Chromium the tests fail: no hole."""

import shutil
from collections.abc import Iterator
from functools import partial

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from lab import damage
from lab.console_calls import ShownCall, put_call
from lab.pair import NODES, Pair
from lab.stored import read_ledger
from lab.waiting import wait_until

CALLS = 4


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it: nothing is downloaded.

    For the module alone: while Playwright is on, its event loop is this thread's, and other tests have their own.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield started
        started.close()


def forgotten(store: str) -> bool:
    """Have today read again, once it has been read too early."""
    return damage.forget_days(store) > 0


def days_at(url: str) -> list[object]:
    """What the console of a node says of the days."""
    with requests.Session() as session:
        session.trust_env = False
        return list(session.get(f"{url}/console/verification", timeout=10).json())


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Calls with a transfer each, known to the ledgers of both nodes; today is read when all of them are archived.

    Recovery's own look goes back a day, so what is older is found only by who asks for it.
    """
    settings = {"RECOVERY_DAYS": "1", "RECOVERY_SCHEDULE": "*/5 * * * * *"}
    with Pair("console", settings=settings) as pair:
        pair.wait_for_active(60)
        pair.organisation.publish(CALLS, recordings_per_call=2, close_delay_seconds=0)
        stores = [pair.storage[name].connection_string for name in NODES]

        def archived() -> bool:
            return all(sum(bool(row.copies) for row in read_ledger(store)) == 2 * CALLS for store in stores)

        wait_until("all calls are in both ledgers", archived, 60)
        for store in stores:
            wait_until("today was read before", partial(forgotten, store), 60)
        wait_until("today is read again", lambda: bool(days_at(pair.nodes["main"].url)), 60)
        yield pair


@pytest.fixture(scope="module")
def shown(pair: Pair) -> ShownCall:
    """A call with a hold, a transfer and the screen of its agent, in main's archive."""
    return put_call(pair.storage["main"].connection_string, "main")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh profile, wide enough for the whole page."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    context.close()
