"""What all tests share: Chromium for the browser tests, and how it is found.

The database is the one that ``DATABASE_URL`` names (SQLite, in memory, where it names
none); ``tests/postgres.py`` lends a PostgreSQL. Rows come from ``tests/factories.py``.
"""

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
BROWSER_TESTS = Path(__file__).parent / "browser"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(autouse=True)
def no_kept_pages():
    """Tests roll the library back, to marks under which pages of another test are kept."""
    for cache in caches.all():
        cache.clear()


def pytest_collection_modifyitems(config, items):
    """Marks the browser tests; on PostgreSQL leaves out what has been seen on SQLite and is the same there.

    That is a test that asks no database, and what a browser makes of a page.
    """
    again = []
    for item in items:
        in_browser = item.path.is_relative_to(BROWSER_TESTS)
        if in_browser:
            item.add_marker(pytest.mark.browser)
        asks = item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(item.fixturenames)
        if in_browser or not asks:
            again.append(item)
    if "postgresql" in settings.DATABASES["default"]["ENGINE"]:
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in set(again)]


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium or Chrome; the variable CHROMIUM names another. Skips, in CI fails, without."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else CHROMIUM_NAMES
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(f"no browser found (looked for {', '.join(names)}; set CHROMIUM to name one)")
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """One running browser, Playwright's, for the whole session."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, where Django then refuses queries.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser):
    """A page of its own, with nothing kept from earlier tests."""
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()
