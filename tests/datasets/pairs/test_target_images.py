"""Source pipelines that look at the target image of their pair."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from mmseg_balance.datasets import Draw, UDADataset
from mmseg_balance.datasets.loading.plain_image import PlainImage
from mmseg_balance.datasets.pairs.target_images import target_readers

SIZES = dict(source=(12, 16), target=(10, 18))
STYLES = [dict(type='FourierStyle', beta=(0.0, 0.3)), dict(type='LabStyle')]


class SeenTarget(BaseTransform):
    """Puts the target image itself into the place of the source image."""

    needs_target_image = True

    def transform(self, results):
        rows, columns = results['img'].shape[:2]
        results['img'] = results['target_image'][:rows, :columns].copy()
        results['gt_seg_map'] = results['gt_seg_map'][:10]
        return results


def make(root, key, *transforms, count=6):
    """Write random images and labels; the config of a data set of them."""
    rng = np.random.default_rng(len(key))
    entries = []
    for i in range(count):
        image = rng.integers(0, 256, (*SIZES[key], 3), dtype=np.uint8)
        label = rng.integers(0, 2, SIZES[key], dtype=np.uint8)
        for folder, array in (('images', image), ('labels', label)):
            path = root / key / folder / f'{i}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), array)
        counts = np.bincount(label.ravel()).tolist()
        entries.append(
            {'0': counts[0], '1': counts[1], 'file': f'labels/{i}.png'}
        )
    (root / key / 'sample_class_stats.json').write_text(json.dumps(entries))
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    return dict(
        type='BaseSegDataset',
        data_root=str(root / key),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        serialize_data=False,
        metainfo=dict(classes=('road', 'car')),
        pipeline=[
            *(load if key == 'source' else load[:1]),
            *transforms,
            dict(type='RandomCrop', crop_size=(8, 8)),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackSegInputs'),
        ],
    )


@pytest.fixture
def pair_of(tmp_path):
    """Build the pair with some transforms in the source pipeline."""

    def build(*transforms, **settings):
        return UDADataset(
            make(tmp_path, 'source', *transforms),
            make(tmp_path, 'target'),
            **settings,
        )

    return build


def name(pair, key='target'):
    return pair[key]['data_samples'].img_path[-5]


@pytest.fixture
def seen_target():
    TRANSFORMS.register_module(module=SeenTarget)
    yield dict(type='SeenTarget')
    TRANSFORMS.module_dict.pop('SeenTarget')


@pytest.mark.parametrize('rcs', [None, dict(min_pixels=5, min_crop_ratio=2.0)])
def test_it_is_the_target_image_of_the_pair(
    pair_of, seen_target, tmp_path, rcs
):
    dataset = pair_of(seen_target, rare_class_sampling=rcs)
    seen = set()
    for k in range(12):
        pair = dataset[Draw(k % 6, seed=k)]
        crop = pair['source']['inputs'].numpy()
        file = tmp_path / f'target/images/{name(pair)}.png'
        image = cv2.imread(str(file)).transpose(2, 0, 1)[:, :, :16]
        places = [
            np.array_equal(crop, one[:, y : y + 8, x : x + 8])
            for one in (image, image[:, :, ::-1])
            for y in range(3)
            for x in range(9)
        ]
        assert any(places)
        seen.add(name(pair))
    assert len(seen) > 3


@pytest.mark.parametrize('style', STYLES, ids=lambda style: style['type'])
def test_all_of_it_follows_from_the_seed(pair_of, style):
    dataset = pair_of(style)
    draws = [Draw(k % 6, seed=k) for k in range(8)]
    forward = [dataset[draw] for draw in draws]
    # as after a resumption: in another order, from other generators
    torch.rand(3), np.random.rand(5)
    back = [pair_of(style)[draw] for draw in reversed(draws)][::-1]
    for a, b in zip(forward, back, strict=True):
        for key in ('source', 'target'):
            assert torch.equal(a[key]['inputs'], b[key]['inputs'])


def test_the_target_and_the_labels_are_those_without_a_style(pair_of):
    plain, styled = pair_of(), pair_of(dict(type='LabStyle'))
    for k in range(6):
        a, b = (dataset[Draw(k, seed=k)] for dataset in (plain, styled))
        assert torch.equal(a['target']['inputs'], b['target']['inputs'])
        assert torch.equal(
            a['source']['data_samples'].gt_sem_seg.data,
            b['source']['data_samples'].gt_sem_seg.data,
        )
        assert not torch.equal(a['source']['inputs'], b['source']['inputs'])


def test_a_target_image_that_goes_away(pair_of, tmp_path):
    style = dict(type='LabStyle')
    draws = [Draw(k % 6, seed=k) for k in range(20)]
    skipping = pair_of(style, on_bad_image='skip')
    before = [skipping[draw] for draw in draws]
    hit = [name(pair) == '4' for pair in before]
    assert sum(hit) > 1
    path = tmp_path / 'target/images/4.png'
    stopping = UDADataset(skipping.source, skipping.target)
    path.unlink()
    for draw, old, was_hit in zip(draws, before, hit, strict=True):
        new, again = skipping[draw], skipping[draw]
        assert torch.equal(new['source']['inputs'], again['source']['inputs'])
        same = torch.equal(old['source']['inputs'], new['source']['inputs'])
        assert same != was_hit
        if was_hit:
            assert name(new) != '4'
            with pytest.raises(OSError, match=f'target image {path} cannot'):
                stopping[draw]


def test_styles_within_other_transforms_are_found(pair_of):
    choice = dict(type='RandomChoice', transforms=[[s] for s in STYLES])
    maybe = dict(type='RandomApply', transforms=STYLES[1:], prob=0.5)
    dataset = pair_of(choice, maybe)
    transforms = dataset.source.pipeline.transforms
    names = ['FourierStyle', 'LabStyle', 'LabStyle']
    assert target_readers(transforms) == names
    dataset[Draw(0, seed=0)]


def test_where_there_is_no_target(tmp_path):
    source = make(tmp_path, 'source', STYLES[0])
    with pytest.raises(
        ValueError, match='source.pipeline has FourierStyle.* no target'
    ):
        UDADataset(source)


def test_style_of_a_target(tmp_path):
    target = make(tmp_path, 'target', STYLES[1])
    with pytest.raises(
        ValueError, match='target.pipeline has LabStyle.*source.pipeline'
    ):
        UDADataset(make(tmp_path, 'source'), target)


def test_target_that_is_read_as_grey(tmp_path):
    target = make(tmp_path, 'target')
    target['pipeline'][0]['color_type'] = 'grayscale'
    dataset = UDADataset(make(tmp_path, 'source', STYLES[1]), target)
    with pytest.raises(
        ValueError,
        match=r"images/\d.png as uint8 \(10, 18\).*color_type='color'",
    ):
        dataset[Draw(0, seed=0)]


def test_of_several_sources_those_with_a_style_get_one(tmp_path, monkeypatch):
    sources = [
        make(tmp_path / 'a', 'source'),
        make(tmp_path / 'b', 'source', STYLES[1]),
    ]
    dataset = UDADataset(sources, make(tmp_path, 'target'))
    read, read_image = [], PlainImage.read
    monkeypatch.setattr(
        PlainImage, 'read', lambda self: read.append(0) or read_image(self)
    )
    dataset[Draw(0, seed=0)]
    assert not read
    dataset[Draw(6, seed=0)]
    assert len(read) == 1


def test_of_few_target_images_those_alone(pair_of, seen_target, tmp_path):
    dataset = pair_of(seen_target, few_shot=2)
    chosen = {dataset.target.get_data_info(i)['img_path'] for i in range(2)}
    images = [cv2.imread(path)[:, :16] for path in chosen]
    for k in range(12):
        crop = dataset[Draw(k % 6, seed=k)]['source']['inputs'].numpy()
        pixels = {tuple(p) for p in crop.reshape(3, -1).T}
        assert any(
            pixels <= {tuple(p) for p in image.reshape(-1, 3)}
            for image in images
        )
