"""Images and labels that cannot be used, left out or not."""

import json
import pickle
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from mmseg_balance.datasets import Draw, UDADataset
from mmseg_balance.datasets.loading.bad_files import (
    LEFT_OUT_KEY,
    UnreadableFileError,
    WrongLabelError,
    draw_until_good,
)
from mmseg_balance.engine.hooks import BadImagesHook

CLASSES = ('road', 'car')


def make(root, count=6, labels=True):
    rng = np.random.default_rng(0)
    entries = []
    for i in range(count):
        image = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        label = rng.integers(0, 2, (12, 16), dtype=np.uint8)
        for folder, array in (('images', image), ('labels', label)):
            path = root / folder / f'{i}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), array)
        counts = np.bincount(label.ravel()).tolist()
        entries.append(
            {'0': counts[0], '1': counts[1], 'file': f'labels/{i}.png'}
        )
    (root / 'sample_class_stats.json').write_text(json.dumps(entries))
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    return dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        serialize_data=False,
        metainfo=dict(classes=CLASSES),
        pipeline=[
            *load[: 1 + labels],
            dict(type='RandomCrop', crop_size=(8, 8)),
            dict(type='PackSegInputs'),
        ],
    )


@pytest.fixture
def domains(tmp_path):
    return dict(
        source=make(tmp_path / 's'),
        target=make(tmp_path / 't', labels=False),
    )


def left_out(pair, key):
    return pair[key]['data_samples'].metainfo.get(LEFT_OUT_KEY, [])


def name(pair, key):
    return pair[key]['data_samples'].img_path[-5]


def pairs(dataset, num=40):
    return [dataset[Draw(k % 6, seed=k)] for k in range(num)]


@pytest.mark.parametrize('rcs', [None, dict(min_pixels=5, min_crop_ratio=0)])
def test_a_bad_image_is_replaced_and_the_other_draws_stay(
    domains, tmp_path, rcs
):
    skipping = dict(rare_class_sampling=rcs, on_bad_image='skip')
    before = pairs(UDADataset(**domains, rare_class_sampling=rcs))
    (tmp_path / 's/images/2.png').write_bytes(b'no image')
    dataset = UDADataset(**domains, **skipping)
    after = pairs(dataset)
    again = pairs(dataset)
    replaced = 0
    for old, new, same in zip(before, after, again, strict=True):
        assert torch.equal(new['source']['inputs'], same['source']['inputs'])
        assert torch.equal(new['target']['inputs'], same['target']['inputs'])
        if name(old, 'source') == '2':
            assert name(new, 'source') != '2'
            (message,) = set(left_out(new, 'source'))
            assert message.startswith(
                f'source image {tmp_path}/s/images/2.png cannot be read'
            )
            replaced += 1
        else:
            assert left_out(new, 'source') == []
            assert torch.equal(
                old['source']['inputs'], new['source']['inputs']
            )
    assert replaced > 2


def test_a_target_that_goes_away(domains, tmp_path):
    dataset = UDADataset(**domains, on_bad_image='skip')
    before = pairs(dataset)
    (tmp_path / 't/images/4.png').unlink()
    after = pairs(dataset)
    hit = [name(pair, 'target') == '4' for pair in before]
    assert sum(hit) > 2
    for old, new, was_hit in zip(before, after, hit, strict=True):
        assert torch.equal(old['source']['inputs'], new['source']['inputs'])
        assert bool(left_out(new, 'target')) == was_hit
        if not was_hit:
            assert torch.equal(
                old['target']['inputs'], new['target']['inputs']
            )
    with pytest.raises(OSError, match='target image .*t/images/4.png cannot'):
        pairs(UDADataset(**domains | dict(target=dataset.target)))


@pytest.mark.parametrize(
    ('value', 'shape', 'message'),
    [
        (7, (12, 16), 'has the value 7 in 192 pixels'),
        (1, (11, 16), 'has 16 x 11 pixels, and its image'),
    ],
)
def test_labels_that_are_not_right(domains, tmp_path, value, shape, message):
    cv2.imwrite(
        str(tmp_path / 's/labels/3.png'), np.full(shape, value, np.uint8)
    )
    with pytest.raises(ValueError, match=message):
        UDADataset(**domains)
    dataset = UDADataset(**domains, on_bad_image='skip')
    pair = dataset[Draw(3, seed=5)]
    assert name(pair, 'source') != '3'
    assert message in left_out(pair, 'source')[0]
    # statistics of what is left are compared all the same
    UDADataset(
        **domains,
        rare_class_sampling=dict(min_pixels=5),
        on_bad_image='skip',
    )


def test_a_data_set_of_bad_files_stops(domains, tmp_path):
    for i in range(6):
        (tmp_path / f's/labels/{i}.png').write_bytes(b'')
    with pytest.raises(ValueError, match="source: all of 6 files .*'skip' is"):
        UDADataset(**domains, on_bad_image='skip')


def test_a_folder_that_goes_away_stops(domains, tmp_path):
    dataset = UDADataset(**domains, on_bad_image='skip')
    (tmp_path / 't').rename(tmp_path / 'gone')
    with pytest.raises(
        RuntimeError, match='16 target images in a row .*folder is still there'
    ):
        dataset[Draw(0, seed=1)]


def test_other_errors_are_raised():
    def fail():
        raise ValueError('of a transform')

    with pytest.raises(ValueError, match='of a transform'):
        draw_until_good(fail, fail, 1, 'source')


def test_policy(domains):
    with pytest.raises(
        ValueError, match="expected 'stop' or 'skip', found 'i"
    ):
        UDADataset(**domains, on_bad_image='ignore')


@pytest.mark.parametrize('kind', [UnreadableFileError, WrongLabelError])
def test_errors_go_through_processes(kind):
    error = pickle.loads(pickle.dumps(kind('a.png')))
    assert type(error) is kind
    assert str(error) == 'a.png'


def test_hook_counts_draws_and_says_files_once():
    lines = []
    runner = SimpleNamespace(
        iter=4,
        logger=SimpleNamespace(warning=lines.append),
        message_hub=MessageHub.get_instance('test_bad_files'),
    )
    sample = SimpleNamespace(metainfo={LEFT_OUT_KEY: ['a bad', 'b bad']})
    good = SimpleNamespace(metainfo={})
    batch = dict(source=dict(data_samples=[good, sample]), target=dict())
    hook = BadImagesHook()
    hook.before_train(runner)
    hook.after_train_iter(runner, 0, dict(source=dict(data_samples=[good])))
    assert lines == []
    hook.after_train_iter(runner, 0, batch)
    hook.after_train_iter(runner, 1, batch)
    hook.after_train(runner)
    assert lines == [
        'iteration 5: left out, 2 draws replaced so far: a bad',
        'iteration 5: left out, 2 draws replaced so far: b bad',
        "4 draws of images were replaced (on_bad_image='skip'), 2 files since "
        'the training was started or resumed: mmseg-balance data check lists '
        'all bad files',
    ]
    # the count goes into the checkpoints, with what the hub keeps
    assert runner.message_hub.state_dict()['runtime_info'] == {
        'num_bad_images': 4
    }
