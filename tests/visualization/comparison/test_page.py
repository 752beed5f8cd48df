"""The page as a whole: sections, escaping, and what is refused."""

import dataclasses

import numpy as np
import pytest
from helpers.html_page import HtmlPage

from mmseg_balance.visualization.comparison import (
    ComparedMethod,
    Content,
    write_page,
)

from .conftest import PALETTE, method

ALL = (
    'scores differences bias samples figures class-bars classes confusions '
    'curves'
).split()


def test_a_full_page_has_all_sections_and_loads_nothing(full, page_of):
    page = page_of(dataclasses.replace(full, intro=['What <was> done.']))
    assert page.sections == ALL
    assert 'What <was> done.' in page.text
    links = [f'#{name}' for name in ALL]
    assert [v for v in page.loads if v.startswith('#')] == links
    others = [v for v in page.loads if not v.startswith('#')]
    assert len(others) == 5 + 1
    assert all(v.startswith('data:image/png;base64,') for v in others)
    for text in ('Toy <streets>', 'one run was <killed>', 'What to see.'):
        assert text in page.text
    assert '2 methods, 5 runs, 3 classes.' in page.text


def test_nothing_of_what_is_shown_becomes_markup(full, tmp_path):
    name = '</script><script>alert("1")</script>'
    methods = [dataclasses.replace(full.methods[0], name=name)]
    classes = [
        '</style>',
        "'{0}' {x}",
        '\N{GREEK SMALL LETTER TAU} \U0001f6b2',
    ]
    content = dataclasses.replace(
        full,
        methods=[
            dataclasses.replace(
                methods[0],
                scores={'mIoU': 1.0} | {f'IoU.{c}': 2.0 for c in classes},
            )
        ],
        classes=classes,
        title='\udcff & more',
    )
    html = write_page(tmp_path / 'p.html', content).read_text('utf-8')
    page = HtmlPage(html)
    assert [t for t, _ in page.tags if t in ('script', 'style')] == [
        'style',
        'script',
    ]
    rows = page.tables['IoU of each class']
    assert [row[0] for row in rows[1:]] == classes
    assert '? & more' in page.text
    assert 'http:' not in html and 'https:' not in html
    assert '@import' not in html and 'url(' not in html


def test_a_page_of_one_score_is_small(page_of):
    page = page_of(Content('t', [ComparedMethod('a', {'mIoU': 1.0})], [], []))
    assert page.sections == ['scores']
    assert page.loads == []
    assert '1 method, 1 run, 0 classes.' in page.text


def test_a_failed_page_keeps_the_earlier_one(full, tmp_path):
    path = write_page(tmp_path / 'p.html', full)
    before = path.read_text()
    full.samples[0].image = np.zeros((2, 2, 7), np.uint8)
    with pytest.raises(TypeError):
        write_page(path, full)
    assert path.read_text() == before


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(methods=[]), 'at least one method'),
        (dict(palette=PALETTE[:2]), 'each of 3 classes, got 2'),
        (dict(methods=[method('a'), method('a')]), r"\['a'\] occur more"),
        (
            dict(methods=[method('a', confusion=np.ones((2, 3)))]),
            r"confusion of 'a' to be of shape \(3, 3\).*got \(2, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(full, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_page(tmp_path / 'p.html', dataclasses.replace(full, **change))
    assert not (tmp_path / 'p.html').exists()


def test_a_prediction_of_another_size_is_named(full, tmp_path):
    full.samples[0].predictions['DACS'] = np.zeros((4, 4), int)
    with pytest.raises(ValueError, match=r"'street <1>.png'.*'DACS'.*\(4, 4"):
        write_page(tmp_path / 'p.html', full)


def test_150_classes_and_13_methods_are_a_page(page_of):
    classes = [f'class {i}' for i in range(150)]
    methods = [
        ComparedMethod(
            f'm{i}',
            {'mIoU': 1.0 + i}
            | {f'IoU.{c}': float((i + j) % 90) for j, c in enumerate(classes)},
        )
        for i in range(13)
    ]
    page = page_of(Content('t', methods, classes, [[1, 2, 3]] * 150))
    rows = page.tables['IoU of each class']
    assert len(rows) == 151 and {len(row) for row in rows} == {14}
    marks = [a for t, a in page.tags if t == 'g' and 'data-method' in a]
    assert len(marks) == 150 * 13
