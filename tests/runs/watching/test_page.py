"""The page in a real browser, beside a run that goes on."""

import json
import threading
from urllib.parse import urlsplit

import numpy as np
import pytest

from mmseg_balance.runs.watching import run_list
from mmseg_balance.runs.watching.page.files import FILES
from mmseg_balance.runs.watching.run_list import RunList
from mmseg_balance.runs.watching.server import WatchServer

FIRST, SECOND = '20261126_080000', '20261126_090000'
CLASSES = [f'class {i} <b>' for i in range(150)]


@pytest.fixture
def watch(browser, tmp_path, monkeypatch):
    """Open the page of a folder; what goes wrong in it is found at the end."""
    monkeypatch.setattr(run_list, 'RESCAN', 0)
    monkeypatch.setattr(run_list, 'PATIENCE', 0)
    kind, script = FILES['polling.js']
    assert b'EVERY = 2000;' in script
    often = kind, script.replace(b'EVERY = 2000;', b'EVERY = 100;')
    monkeypatch.setitem(FILES, 'polling.js', often)
    said, asked, servers = [], [], []

    def watch(width=900):
        server = WatchServer(RunList(tmp_path))
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        page = browser.new_page(viewport=dict(width=width, height=800))
        page.on('console', lambda line: said.append(line.text))
        page.on('pageerror', lambda error: said.append(str(error)))
        page.on('request', lambda request: asked.append(request.url))
        page.goto(server.url)
        return page

    yield watch
    for server in servers:
        server.shutdown()
        server.server_close()
    # of the server that a page has lost
    ended = 'ERR_CONNECTION_REFUSED'
    assert [line for line in said if ended not in line] == []
    hosts = {urlsplit(url).netloc for url in asked}
    assert hosts == {f'127.0.0.1:{server.port}' for server in servers}


def fits(page) -> bool:
    return page.evaluate(
        'document.documentElement.scrollWidth <= window.innerWidth'
    )


def wait_for_state(page, text) -> None:
    page.wait_for_selector(f'#state:text-is("{text}")')


def value(page, name) -> str:
    return page.locator(f'[data-name="{name}"]').first.inner_text()


def test_a_run_from_its_beginning_to_its_end(watch, tmp_path, start_run):
    page = watch()
    wait_for_state(page, 'no training here yet')
    start = start_run(tmp_path, FIRST)
    wait_for_state(page, 'nothing logged yet')
    start.train(10, **{'src.decode.loss_ce': 1.25, 'mix.decode.loss_ce': 0.5})
    page.wait_for_selector('text=iteration 10 of 100 (10 %)')
    assert value(page, 'loss') == '0.1'
    assert value(page, 'src.decode.loss_ce') == '1.25'
    titles = page.locator('#losses h3').all_inner_texts()
    assert [title.split()[0] for title in titles] == ['sum', 'src', 'mix']
    assert page.locator('#scores-part').is_hidden()

    # a new line, without loading the page again; half of it says nothing
    line = json.dumps(dict(loss=0.123456, step=60, iter=60, time=0.5))
    start.write(line[:20])
    page.wait_for_timeout(400)
    assert value(page, 'loss') == '0.1'
    start.write(f'{line[20:]}\n')
    page.wait_for_selector('text=iteration 60 of 100 (60 %)')
    assert value(page, 'loss') == '0.1235'
    title = page.locator('[data-name="loss"]').get_attribute('title')
    assert title == '0.123456 at iteration 60'
    assert 'left, until' in page.locator('#times').inner_text()

    start.row(mIoU=41.5, step=60, **{'IoU.sky': 63.0, 'IoU.road': 20.0})
    start.draw('mixed_50.png')
    page.wait_for_selector('#pictures img')
    assert value(page, 'mIoU') == '41.5'
    assert value(page, 'IoU.sky') == '63'
    labels = page.locator('#classes .label').all_inner_texts()
    assert labels == ['sky', 'road']  # the highest first
    width = page.locator('#pictures img').evaluate(
        'image => image.decode().then(() => image.naturalWidth)'
    )
    assert width == 6
    start.draw('mixed_60.png')
    page.wait_for_selector('figcaption:text-is("mixed, iteration 60")')

    start.train(100)
    start.say('Iter(val) [500/500]    mIoU: 40.0')
    wait_for_state(page, 'finished')
    page.route('**/runs', lambda route: route.abort('connectionrefused'))
    page.wait_for_selector('text=No answer of mmseg-balance watch')


@pytest.mark.parametrize('width', [900, 375])
def test_150_classes_and_several_runs(watch, tmp_path, start_run, width):
    for name in ('older', 'newer'):
        start = start_run(tmp_path / name, FIRST)
        for step in range(10, 100, 10):
            start.train(step)
        shares = {f'pseudo.share.{c}': i / 7 for i, c in enumerate(CLASSES)}
        start.row(**shares, step=90)
        start.row(
            **{
                f'Bias.{c}': 0.0071283 - i / 9999
                for i, c in enumerate(CLASSES)
            },
            step=90,
        )
    other = start_run(tmp_path / 'killed', FIRST)
    other.train(10)
    other.wrote_at(1000)
    page = watch(width)
    page.wait_for_selector('#classes .class')
    assert page.locator('#classes .class').count() == 300
    assert value(page, f'pseudo.share.{CLASSES[149]}') == '21.29'
    heading = page.locator('#classes h3').first.inner_text()
    assert heading.startswith('Bias percentage points')
    assert fits(page)
    cut = page.evaluate(
        '[...document.querySelectorAll("#classes .value")].filter('
        'e => e.scrollWidth > e.clientWidth).length'
    )
    assert cut == 0
    names = page.locator('#runs button span:first-child').all_inner_texts()
    assert names[-1] == 'killed' and len(names) == 3
    page.locator('#runs button').last.click()
    page.wait_for_selector('h1:text-is("killed")')
    assert 'no news since' in page.locator('#state').inner_text()


def test_values_under_the_pointer(watch, tmp_path, start_run):
    start = start_run(tmp_path, FIRST)
    for step in (25, 50, 75, 100):
        # the rate is one, but for its rounding
        rate = 6e-5 if step < 75 else np.nextafter(6e-5, 1)
        start.train(step, lr=float(rate))
    page = watch()
    page.wait_for_selector('#losses svg')
    chart = page.locator('#losses .chart > svg').first
    box = chart.bounding_box()
    # the curve begins at iteration 0, 46 of 340 wide, and ends at 328
    middle = box['x'] + box['width'] * (46 + 282 / 2) / 340
    page.mouse.move(middle, box['y'] + 20)
    assert value(page, 'loss') == '0.02'
    assert 'at iteration 50' in page.locator('#losses h3').first.inner_text()
    page.mouse.move(0, 0)
    assert value(page, 'loss') == '0.01'
