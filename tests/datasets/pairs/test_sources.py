"""Several sources in one data set of pairs."""

import pickle
from collections import Counter
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.random_domains import (
    CLASSES,
    LOAD,
    assert_same,
    make_domain,
    stem,
)
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmseg_balance.datasets import Draw, ResumableInfiniteSampler, UDADataset
from mmseg_balance.datasets.class_statistics.files import write_class_stats
from mmseg_balance.datasets.sampling import samplers
from mmseg_balance.datasets.sampling.samplers import tell_batch_size
from mmseg_balance.engine.hooks.class_statistics_hook import source_class_sums


@pytest.fixture
def sources(tmp_path):
    return [
        make_domain(tmp_path / name, count)
        for name, count in (('gta', 5), ('synthia', 3))
    ]


@pytest.fixture
def target(tmp_path):
    return make_domain(tmp_path / 'target', 7, labels=False)


def folder(packed):
    return packed['data_samples'].img_path.split('/')[-3]


def name(packed):
    return packed['data_samples'].metainfo['source_name']


# names of source and target, and the sum of their pixels, as they were before
# there could be several sources
DRAWN = [
    ((0, 142960), (1, 142311)),
    ((3, 146805), (3, 144463)),
    ((1, 146692), (1, 146598)),
    ((4, 143882), (3, 146281)),
]


def loader_of(dataset, start=0, batch_size=2, **kwargs):
    sampler = ResumableInfiniteSampler(dataset, seed=5)
    sampler.start_at(start * batch_size)
    loader = DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        collate_fn=partial(pseudo_collate),
        **kwargs,
    )
    tell_batch_size(loader)
    return loader


def names_of(batches):
    return [
        [s.metainfo['source_name'] for s in batch['source']['data_samples']]
        for batch in batches
    ]


def test_one_source_is_drawn_as_ever(sources, target):
    for config in (sources[0], target):
        config['pipeline'] = [
            t
            for t in config['pipeline']
            if t['type'] != 'PhotoMetricDistortion'
        ]
    for source in (sources[0], [sources[0]]):
        dataset = UDADataset(source, target)
        draws = ResumableInfiniteSampler(dataset, seed=5)
        pairs = [dataset[draw] for draw in islice(draws, 4)]
        found = [
            tuple(
                (int(stem(pair[key])), int(pair[key]['inputs'].long().sum()))
                for key in ('source', 'target')
            )
            for pair in pairs
        ]
        assert found == DRAWN
        assert 'source_name' not in pairs[0]['source']['data_samples']
    assert dataset.required_hooks == {}


def test_without_weights_each_image_comes_once_an_epoch(sources, target):
    dataset = UDADataset(sources, target)
    assert len(dataset) == 8
    assert dataset.metainfo['classes'] == CLASSES
    found = [dataset[i]['source'] for i in range(8)]
    expected = [('gta', i) for i in range(5)]
    expected += [('synthia', i) for i in range(3)]
    assert [(folder(p), int(stem(p))) for p in found] == expected
    assert [name(p) for p in found] == ['source0'] * 5 + ['source1'] * 3
    assert folder(dataset[-1]['source']) == 'synthia'
    with pytest.raises(IndexError, match='source has 8 samples'):
        dataset[8]
    assert set(dataset.required_hooks) == {'SourceSharesHook'}


def test_weights_say_how_often_a_source_is_drawn(sources):
    dataset = UDADataset(
        sources, source_weights=[1, 3], source_names=['gta', 'synthia']
    )
    draws = islice(ResumableInfiniteSampler(dataset, seed=1), 600)
    pairs = [dataset[draw]['source'] for draw in draws]
    counts = Counter(map(name, pairs))
    assert abs(counts['synthia'] - 450) < 45  # standard deviation 10.6
    images = Counter((folder(p), stem(p)) for p in pairs)
    assert len(images) == 8
    # as often as each other within a source: 30 and 150 expected
    assert all(
        abs(n - (30 if f == 'gta' else 150)) < 45
        for (f, _), n in images.items()
    )


@pytest.mark.parametrize('world_size', [1, 2])
@pytest.mark.parametrize('num_workers', [0, 2])
def test_sources_one_after_the_other(
    sources, target, monkeypatch, world_size, num_workers
):
    dataset = UDADataset(sources, target, progressive=[3])
    for rank in range(world_size):
        monkeypatch.setattr(
            samplers, 'get_dist_info', lambda r=rank: (r, world_size)
        )
        whole = list(islice(loader_of(dataset), 6))
        first, second = ['source0'] * 2, ['source1'] * 2
        assert names_of(whole) == [first] * 3 + [second] * 3
        # in the middle of either, and right where the next one takes over
        for start in (1, 3, 4):
            resumed = loader_of(dataset, start, num_workers=num_workers)
            for a, b in zip(whole[start:], resumed, strict=False):
                assert_same(a, b)
                assert names_of([a]) == names_of([b])


def test_ranks_never_share_a_draw_of_several_sources(sources, monkeypatch):
    dataset = UDADataset(sources, source_weights=[1, 1])
    seeds = []
    for rank in range(2):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda r=rank: (r, 2))
        draws = list(islice(ResumableInfiniteSampler(dataset, seed=5), 20))
        seeds += [draw.seed for draw in draws]
    assert len(set(seeds)) == 40


def test_iteration_goes_to_worker_processes():
    draw = pickle.loads(pickle.dumps(Draw(3, seed=9, iteration=4)))
    assert (int(draw), draw.seed, draw.iteration) == (3, 9, 4)


def test_progressive_wants_the_sampler_that_counts(sources):
    dataset = UDADataset(sources, progressive=[3])
    for index in (0, Draw(0, seed=1)):
        with pytest.raises(ValueError, match='progressive: .*sampler='):
            dataset[index]


@pytest.fixture
def sources_with_stats(sources):
    """Class 2 in the last image of the first source, class 1 in the other."""
    pixels = [[[9, 0, 0]] * 4 + [[6, 0, 3]], [[0, 9, 0]] * 3]
    for config, rows in zip(sources, pixels, strict=True):
        root = Path(config['data_root'])
        for i, row in enumerate(rows):
            label = np.repeat(np.arange(3, dtype=np.uint8), row).reshape(3, 3)
            cv2.imwrite(str(root / f'labels/{i:03}.png'), label)
            image = np.zeros((3, 3, 3), dtype=np.uint8)
            cv2.imwrite(str(root / f'images/{i:03}.png'), image)
        config['pipeline'] = [*LOAD, dict(type='PackSegInputs')]
        names = [f'labels/{i:03}.png' for i in range(len(rows))]
        write_class_stats(root, names, np.array(rows))
    return sources


def test_each_source_has_its_rare_class_sampling(sources_with_stats):
    sources = sources_with_stats
    one = dict(min_pixels=0, class_temp=0.1)
    dataset = UDADataset(
        sources, rare_class_sampling=one, source_weights=[1, 1]
    )
    drawn = [dataset[Draw(0, seed=i)]['source'] for i in range(60)]
    of_gta = [stem(p) for p in drawn if folder(p) == 'gta']
    # the one image with the rare class, in nearly every draw of this source
    assert of_gta.count('004') > 0.8 * len(of_gta) > 10
    assert [s.classes.tolist() for s in dataset.rare_class_sampling] == [
        [2, 0],
        [1],
    ]
    dataset = UDADataset(sources, rare_class_sampling=[one, None])
    drawn = [dataset[Draw(i, seed=i)]['source'] for i in range(5, 8)]
    assert [stem(p) for p in drawn] == ['000', '001', '002']
    for wrong, message in (
        ([one], 'is a list of 1, source of 2: expected one'),
        ([one, True], 'rare_class_sampling is .*, expected'),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            UDADataset(sources, rare_class_sampling=wrong)


def test_a_bad_image_is_replaced_by_one_of_its_source(sources, tmp_path):
    (tmp_path / 'synthia/images/000.png').write_bytes(b'no image')
    dataset = UDADataset(sources, on_bad_image='skip')
    sample = dataset[Draw(5, seed=2)]['source']
    assert folder(sample) == 'synthia'
    assert stem(sample) != '000'
    assert (
        'synthia/images/000.png' in sample['data_samples'].left_out_images[0]
    )


def test_sources_of_other_classes_are_refused(sources, target, tmp_path):
    other = dict(classes=('road', 'sky'))
    sources[1]['metainfo'] = other
    message = (
        r'source\[1\] and target classes differ: the source\[1\] has 2 '
        r'classes, the target 3; only the target has car; class 1 is sky in '
        r'the source\[1\], car in the target.*label_classes'
    )
    with pytest.raises(ValueError, match=message):
        UDADataset(sources, target)
    with pytest.raises(ValueError, match=r'source\[1\] and source\[0\] class'):
        UDADataset(sources)


def test_messages_name_the_source(sources, target):
    unlabelled = dict(sources[1], pipeline=sources[1]['pipeline'][:1])
    with pytest.raises(ValueError, match=r'source\[1\]\.pipeline loads no la'):
        UDADataset([sources[0], unlabelled], target)
    sources[1]['data_prefix'] = dict(img_path='nowhere')
    with pytest.raises(FileNotFoundError, match=r'source\[1\]\.data_prefix'):
        UDADataset(sources, target)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(source=[]), 'source is an empty list'),
        (dict(source_names=['a']), 'source_names: expected 2 different names'),
        (dict(source_names=['a/b', 'c']), 'without a slash'),
        (dict(source_names=['a', 'b', 'b']), 'source_names: expected 2 diff'),
        (dict(source_names=['a', 'a']), 'source_names: expected 2 different'),
        (dict(source_weights=[1]), 'source_weights: expected 2 numbers'),
    ],
)
def test_arguments_that_do_not_fit(sources, arguments, message):
    with pytest.raises(ValueError, match=message):
        UDADataset(**dict(source=sources) | arguments)


def test_wrapped_sources(sources, target):
    wrapped = [
        dict(type='RepeatDataset', times=2, dataset=sources[0]),
        dict(type='ConcatDataset', datasets=[sources[1]]),
    ]
    dataset = UDADataset(wrapped, target)
    assert len(dataset) == 13
    found = [dataset[i]['source'] for i in (9, 10)]
    assert [(folder(p), stem(p)) for p in found] == [
        ('gta', '004'),
        ('synthia', '000'),
    ]


def test_class_counts_are_those_of_what_is_drawn(sources_with_stats):
    sources = sources_with_stats
    pixels, images = source_class_sums(UDADataset(sources))
    assert pixels.tolist() == [42, 27, 3]
    assert images.tolist() == [5, 3, 1]
    weighted = UDADataset(sources, source_weights=[1, 3])
    # 8 draws: 2 of five images, 6 of three
    pixels, images = source_class_sums(weighted)
    np.testing.assert_allclose(pixels, [42 * 2 / 5, 27 * 6 / 3, 3 * 2 / 5])
    np.testing.assert_allclose(images, [2, 6, 2 / 5])
    with pytest.raises(ValueError, match="progressive: .*counts='online'"):
        source_class_sums(UDADataset(sources, progressive=[5]))
