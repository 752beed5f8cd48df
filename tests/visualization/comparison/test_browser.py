"""The page in a real browser, without a network."""

import dataclasses

import pytest

from mmseg_balance.visualization.comparison import write_page

from .conftest import method

SCORES = 'table:has(caption:text-is("Scores of each method"))'


@pytest.fixture
def opened(browser, tmp_path):
    """Open the page of a content; whatever it says or asks for fails."""
    said, asked = [], []

    def opened(content, width=900, script=True):
        path = write_page(tmp_path / 'page.html', content)
        page = browser.new_page(
            viewport=dict(width=width, height=800), java_script_enabled=script
        )
        page.on('console', lambda line: said.append(line.text))
        page.on('pageerror', lambda error: said.append(str(error)))
        page.on('request', lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield opened
    assert said == []
    assert [u for u in asked if not u.startswith(('file:', 'data:'))] == []


def first_column(page):
    return page.locator(f'{SCORES} tbody th').all_text_contents()


def three(full):
    methods = [
        method(f'm{i}', miou, std)
        for i, (miou, std) in enumerate([(9.5, 20.0), (40.0, 3.0), (10.0, 5)])
    ]
    methods[1] = dataclasses.replace(
        methods[1], scores={**methods[1].scores, 'aAcc': float('nan')}
    )
    return dataclasses.replace(full, methods=methods)


def test_a_click_sorts_numbers_and_a_third_gives_the_order_back(opened, full):
    page = opened(three(full))
    heading = page.locator(f'{SCORES} thead th', has_text='mIoU')
    for order, word in (
        (['m1', 'm2', 'm0'], 'descending'),
        # as numbers: 9.5 is before 10
        (['m0', 'm2', 'm1'], 'ascending'),
        (['m0', 'm1', 'm2'], None),
    ):
        heading.locator('button').click()
        assert first_column(page) == order
        assert heading.get_attribute('aria-sort') == word
    # what is better small starts with the smallest; another heading is left
    std = page.locator(f'{SCORES} thead th', has_text='IoU_std')
    heading.locator('button').click()
    std.locator('button').press('Enter')
    assert first_column(page) == ['m1', 'm2', 'm0']
    assert std.get_attribute('aria-sort') == 'ascending'
    assert heading.get_attribute('aria-sort') is None


def test_what_has_no_value_is_last_either_way(opened, full):
    page = opened(three(full))
    button = page.locator(f'{SCORES} thead th', has_text='aAcc')
    for _ in range(2):
        button.locator('button').press('Space')
        assert first_column(page)[-1] == 'm1'


def test_without_javascript_the_tables_are_complete(opened, full):
    page = opened(three(full), script=False)
    assert first_column(page) == ['m0', 'm1', 'm2']
    assert page.locator('th button').count() == 0
    assert page.locator('th svg').count() > 0


def test_a_click_enlarges_a_picture_and_arrows_go_on(opened, full):
    page = opened(full)
    dialog = page.locator('dialog')
    assert not dialog.is_visible()
    page.locator('.zoom').nth(3).click()
    assert dialog.is_visible()
    image = dialog.locator('img')
    assert image.get_attribute('alt') == 'DACS + BLDA'
    # 3 x 2 pixels of it fill the window
    assert image.bounding_box()['width'] > 700
    page.keyboard.press('ArrowLeft')
    assert image.get_attribute('alt') == 'DACS'
    for _ in range(3):
        page.keyboard.press('ArrowRight')
    # behind the last of the sample comes its first, not the figure
    assert image.get_attribute('alt') == 'street <1>.png'
    page.keyboard.press('Escape')
    assert not dialog.is_visible()
    page.locator('.zoom').last.press('Enter')
    assert image.get_attribute('alt') == 'Logits & anchors'
    image.click()
    assert not dialog.is_visible()


def test_a_method_of_the_legend_stands_out(opened, full):
    content = dataclasses.replace(
        full, methods=[method(f'm{i}') for i in range(6)], differences=()
    )
    page = opened(content)
    chart = page.locator('.chart').first
    entry = chart.locator('.legend li').nth(2)
    assert chart.locator('.faint').count() == 0
    entry.click()
    assert entry.get_attribute('aria-pressed') == 'true'
    # five of six methods in three classes
    assert chart.locator('.faint').count() == 5 * 3
    entry.press('Enter')
    page.mouse.move(0, 0)
    assert entry.get_attribute('aria-pressed') == 'false'
    assert chart.locator('.faint').count() == 0


@pytest.mark.parametrize('width', [390, 900])
@pytest.mark.parametrize('num_methods', [2, 13])
def test_no_page_is_wider_than_the_window(opened, full, width, num_methods):
    long = 'a_rather_long_name_of_a_method_' * 3
    methods = [
        method(f'{long}{i}', stds=full.methods[0].stds, seeds=(0, 1, 2))
        for i in range(num_methods - 2)
    ]
    content = dataclasses.replace(full, methods=[*full.methods, *methods])
    page = opened(content, width)
    page.evaluate(
        'document.querySelectorAll("details").forEach('
        'folded => { folded.open = true; })'
    )
    wide = 'document.documentElement.scrollWidth - window.innerWidth'
    assert page.evaluate(wide) <= 0
    # each chart has room for its bars
    bars = page.locator('.row > svg')
    assert (
        min(
            box['width']
            for box in map(lambda bar: bar.bounding_box(), bars.all())
        )
        > 80
    )


def test_paper_shows_what_is_folded(opened, full):
    page = opened(full)
    folded = 'details:not([open])'
    assert page.locator(folded).count() == 2
    page.evaluate('window.dispatchEvent(new Event("beforeprint"))')
    assert page.locator(folded).count() == 0


def test_six_pictures_of_a_sample_fit(opened, full):
    (sample, *_) = full.samples
    names = [f'a method with a long name, number {i}' for i in range(4)]
    maps = {name: sample.label for name in names}
    content = dataclasses.replace(
        full,
        methods=[method(name) for name in names],
        differences=[],
        samples=[dataclasses.replace(sample, predictions=maps)],
    )
    page = opened(content, 1100)
    room, taken = page.locator('.scroll:has(> .samples)').evaluate(
        'box => [box.clientWidth, box.scrollWidth]'
    )
    assert taken == room
