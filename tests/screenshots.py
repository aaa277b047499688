"""The pictures of the README and of docs/: ``make screenshots`` takes them anew, of the sample library.

Each is a page that a browser has drawn, at the size that its reader has. Where a page has changed its
look, its picture is taken again by the same command, and nobody crops by hand.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from tests.bench.commands import ROOT, manage
from tests.bench.site import collect, largest_hubs, served
from tests.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES

LOGIN = ("curator", "sample-library")
MAKE_CURATOR = (
    "from django.contrib.auth import get_user_model\n"
    f"get_user_model().objects.create_superuser({LOGIN[0]!r}, password={LOGIN[1]!r})"
)


class Shot(NamedTuple):
    """One picture: ``page`` is an address, {hub} the best hub's; ``part`` is scrolled to the top."""

    name: str
    page: str
    width: int = 1200
    height: int = 900
    scheme: str = "light"
    part: str = ""
    follow: str = ""  # a link to follow first
    login: bool = False


SHOTS = (
    Shot("hub", "{hub}", height=1000),
    Shot("hub-phone", "{hub}", width=390, height=800, scheme="dark"),
    Shot("over-time", "{hub}", height=820, part="#roles-over-time"),
    Shot("explorer", "{hub}citing/?role=method", part="#citing-papers-explorer"),
    Shot("evidence", "{hub}citing/?role=method&sort=-depth", follow=".results li:first-child p.small a"),
    Shot("curation", "/admin/", height=700, login=True),
)


def take(folder):
    """Write a PNG of each of SHOTS into ``folder``."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        sys.exit("A Chromium is needed to take pictures.")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        url = f"sqlite:///{scratch}/pictures.sqlite3"
        for command in (["migrate"], ["load_sample"], ["shell", "-c", MAKE_CURATOR]):
            manage(url, *command, "--verbosity", "0")
        collect(url, f"{scratch}/static")
        [hub] = largest_hubs(url, 1)
        with served(url, f"{scratch}/static") as (address, _process):
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
            for shot in SHOTS:
                _take(browser, address, hub, shot, Path(folder) / f"{shot.name}.png")
            browser.close()


def _take(browser, address, hub, shot, path):
    context = browser.new_context(
        locale="en-GB",
        color_scheme=shot.scheme,
        viewport={"width": shot.width, "height": shot.height},
    )
    page = context.new_page()
    if shot.login:
        page.goto(f"{address}/admin/login/")
        page.fill("#id_username", LOGIN[0])
        page.fill("#id_password", LOGIN[1])
        page.click("[type=submit]")
    page.goto(address + shot.page.format(hub=hub))
    if shot.follow:
        page.locator(shot.follow).click()
    if shot.part:
        page.locator(shot.part).evaluate("one => one.scrollIntoView()")
    page.screenshot(path=path)
    print(path.relative_to(ROOT))
    context.close()


if __name__ == "__main__":
    take(ROOT / "docs" / "pictures")
