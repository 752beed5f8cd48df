"""Label shift of toy streets: which things come how often, and all else."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mmseg_balance.datasets.toy_streets import (
    CLASSES,
    DOMAINS,
    ToyStreets,
    draw_panoptic_street,
    draw_street,
    generate_toy_streets,
)
from mmseg_balance.datasets.toy_streets.generate import PERIOD
from mmseg_balance.datasets.toy_streets.label_shift import (
    FREQUENT,
    RARE,
    LabelShift,
    Recount,
)
from mmseg_balance.datasets.toy_streets.street import build_scene

SMALL = ToyStreets(
    num_source=4, num_target=2, num_val=4, num_second=4, height=64, width=128
)
FACTORS = (0.25, 4.0)
VEHICLES = ('car', 'truck', 'bus', 'train')
COUNTED = (*FREQUENT, *RARE)


@pytest.fixture(scope='module')
def shares():
    """Share of each class in the pixels of 16 images, by domain or factor."""
    settings = ToyStreets(height=64, width=128)

    def share(domain, settings):
        labels = [
            draw_street(domain, 'train', i, settings)[1] for i in range(16)
        ]
        counts = np.bincount(np.ravel(labels), minlength=19)
        return dict(zip(CLASSES, counts / counts.sum(), strict=True))

    shares = {
        factor: share('target', replace(settings, label_shift=factor))
        for factor in (*FACTORS, 1.0)
    }
    return shares | {'source': share('source', settings)}


def things(factor, number=60):
    """Objects of each class on so many streets, counted in the scenes."""
    counts = Counter()
    for i in range(number):
        required = {c for k, c in enumerate(CLASSES) if k % PERIOD == i % 4}
        recount = None
        if factor != 1:
            shift = LabelShift(factor)
            rng = np.random.default_rng([1, i])
            left = shift.required(required, i // PERIOD)
            recount = Recount(shift, left, rng)
        scene = build_scene(
            64,
            128,
            DOMAINS['target'],
            required,
            np.random.default_rng(i),
            recount=recount,
        )
        for layer, _, shapes in scene.items:
            if layer == 3:  # what stands on the street
                counts.update({shape.label for shape in shapes} - {None})
    return counts


# -- how many ----------------------------------------------------------------
@pytest.mark.parametrize('factor', [0.25, 0.5, 2.0])
def test_things_are_so_many_times_as_frequent(factor):
    before, after = things(1), things(factor)
    for name in COUNTED:
        if name == 'pole':  # traffic lights and signs stand on poles, too
            continue
        times = 1 / factor if name in FREQUENT else factor
        # vehicles that find no room are left out
        high = 1.4 * times + 0.1
        low = (
            0.5 if name in ('car', 'truck', 'bus', 'train') else 0.7
        ) * times
        assert low < after[name] / before[name] < high, name


def test_pixels_shift_in_the_direction_of_the_factor(shares):
    for name in COUNTED:
        few, same, many = (shares[k][name] for k in (0.25, 1.0, 4.0))
        if name in RARE:
            assert few < same < many, name
        elif name != 'pole':
            assert few > same > many, name
    # each pole of a traffic light counts, so poles fall less
    assert shares[0.25]['pole'] > 2 * shares[1.0]['pole']


def test_rare_and_frequent_are_those_of_the_source(shares):
    source = shares['source']
    assert min(source[c] for c in FREQUENT) > 0.02
    assert max(source[c] for c in RARE) < 0.03
    assert max(source[c] for c in set(RARE) - {'truck', 'bus'}) < 0.01
    assert not set(FREQUENT) & set(RARE)


def test_shift_moves_the_target_away_from_the_source(shares):
    def distance(p, q):
        return sum(abs(p[c] - q[c]) for c in CLASSES) / 2

    source = shares['source']
    for factor in FACTORS:
        assert distance(shares[factor], source) > 1.2 * distance(
            shares[1.0], source
        )


# -- everything else ---------------------------------------------------------
def test_streets_are_the_same_otherwise():
    """Where neither image shows a thing, they differ by noise at most."""
    fixed = [CLASSES.index(c) for c in ('road', 'sky', 'building', 'wall')]
    for factor in FACTORS:
        image, label = draw_street('target', 'val', 5, SMALL)
        shifted, other = draw_street(
            'target', 'val', 5, replace(SMALL, label_shift=factor)
        )
        assert (label != other).any()
        both = (label == other) & np.isin(label, fixed)
        assert both.mean() > 0.4
        # blur and shadows reach a few pixels beside what was changed
        same = (image[both] == shifted[both]).all(axis=-1)
        assert same.mean() > 0.5


def test_image_depends_on_seed_split_and_index_as_before():
    settings = replace(SMALL, label_shift=4.0)
    image = draw_street('target', 'train', 3, settings)[0]
    again = draw_street('target', 'train', 3, replace(settings, num_val=9))[0]
    np.testing.assert_array_equal(image, again)
    other = draw_street('target', 'train', 3, replace(settings, seed=1))[0]
    assert (image != other).any()


@pytest.mark.parametrize('domain', ['source', 'second'])
def test_sources_do_not_change(domain):
    for i in range(2):
        plain = draw_panoptic_street(domain, 'train', i, SMALL)
        for factor in FACTORS:
            shifted = draw_panoptic_street(
                domain, 'train', i, replace(SMALL, label_shift=factor)
            )
            for one, other in zip(plain, shifted, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('factor', [1 / 4, 8.0])
def test_strongest_shifts_still_show_every_class(factor):
    settings = replace(SMALL, label_shift=factor)
    seen = set()
    for i in range(PERIOD):
        _, label, segments = draw_panoptic_street('target', 'val', i, settings)
        seen |= {CLASSES[c] for c in np.unique(label)}
        # things that were added or taken away are segments, too
        is_person = label == CLASSES.index('person')
        assert (segments[is_person] // 1000 == 24).all()
    assert seen == set(CLASSES)


def test_classes_that_become_rarer_are_required_less_often():
    shift = LabelShift(0.25)
    required = {'bus', 'car', 'sky'}
    turns = [shift.required(required, turn) for turn in range(8)]
    assert [t - {'car', 'sky'} for t in turns] == [
        *({'bus'}, set(), set(), set()),
        *({'bus'}, set(), set(), set()),
    ]
    assert all({'car', 'sky'} <= t for t in turns)
    # at 1.6 every class keeps all but the frequent, which keep 5 of 8
    turns = [LabelShift(1.6).required(required, t) for t in range(8)]
    assert sum('car' in t for t in turns) == 5 and 'car' in turns[0]
    assert all('bus' in t for t in turns)


# -- on disk -----------------------------------------------------------------
def contents(folder):
    return {
        f.relative_to(folder): f.read_bytes()
        for f in folder.rglob('*')
        if f.is_file()
    }


@pytest.fixture(scope='module')
def shifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp('shifted')
    generate_toy_streets(folder, replace(SMALL, label_shift=4.0))
    return folder


def test_factor_1_is_the_set_without_the_option(tmp_path):
    generate_toy_streets(tmp_path / 'plain', SMALL)
    generate_toy_streets(tmp_path / 'one', replace(SMALL, label_shift=1))
    assert contents(tmp_path / 'one') == contents(tmp_path / 'plain')
    # what an earlier version wrote is taken for what it is: not shifted
    note = tmp_path / 'plain/toy_cityscapes/toy_streets.json'
    noted = json.loads(note.read_text())
    assert noted.pop('label_shift') == 1.0
    note.write_text(json.dumps(noted))
    with pytest.raises(ValueError, match=r'label_shift 1.0 \(now 4.0\)'):
        generate_toy_streets(
            tmp_path / 'plain', replace(SMALL, label_shift=4.0)
        )
    generate_toy_streets(tmp_path / 'plain', SMALL)
    assert contents(tmp_path / 'one') == contents(tmp_path / 'plain')


def test_interrupted_set_continues_to_the_same_files(shifted, tmp_path):
    settings = replace(SMALL, label_shift=4.0)
    generate_toy_streets(tmp_path, settings)
    whole = contents(tmp_path)
    assert whole == contents(shifted)
    gone = [
        f for f in whole if f.match('val/toy/toy_00000[13]_*') and f.parts[0]
    ]
    assert len(gone) == 6  # images, labels and segments
    for file in gone:
        (tmp_path / file).unlink()
    generate_toy_streets(tmp_path, settings)
    assert contents(tmp_path) == whole


@pytest.mark.parametrize('factor', [1.0, 0.25, 4.5])
def test_a_folder_of_another_factor_is_refused(shifted, factor):
    before = contents(shifted)
    with pytest.raises(
        ValueError,
        match=rf'toy_cityscapes was generated with label_shift 4.0 \(now '
        rf'{factor}\)',
    ):
        generate_toy_streets(shifted, replace(SMALL, label_shift=factor))
    assert contents(shifted) == before


@pytest.mark.parametrize(
    'factor', [0, -1.0, float('nan'), float('inf'), 17, 0.06, True, '4']
)
def test_bad_factors(factor):
    with pytest.raises(
        ValueError, match=f'label_shift: expected a number.*found {factor}'
    ):
        ToyStreets(label_shift=factor)
