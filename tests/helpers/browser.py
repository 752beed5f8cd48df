"""A Chromium that is installed, for tests of pages."""

import shutil
from collections.abc import Iterator

import pytest

NAMES = 'chromium', 'chromium-browser', 'google-chrome'


@pytest.fixture(scope='module')
def browser() -> Iterator:
    """The browser; a test is skipped where there is none."""
    sync_api = pytest.importorskip('playwright.sync_api')
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip('needs a Chromium')
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=['--no-sandbox']
        )
        yield browser
        browser.close()
