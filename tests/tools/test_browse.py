"""What is shown of a training is what a step of it is given."""

import numpy as np
import pytest
import torch
from helpers.panned_clip import clip_set, write_clip
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from PIL import Image

from mmseg_balance.inference.training_samples import TrainingSamples

PALETTE = [[70, 130, 180], [128, 64, 128], [0, 0, 142]]


@pytest.fixture
def uda(tiny_config):
    """Config of a training that mixes and masks."""
    cfg = Config.fromfile(tiny_config())
    data = cfg.train_dataloader.dataset
    load, label, pack = data.pipeline
    crop = dict(type='RandomCrop', crop_size=(16, 16))
    data.pipeline = [load, label, crop, pack]
    target = dict(data, data_prefix=dict(img_path='img/val'))
    target['pipeline'] = [load, crop, pack]
    cfg.train_dataloader.dataset = dict(
        type='UDADataset', source=data, target=target
    )
    cfg.train_dataloader.sampler = dict(type='ResumableInfiniteSampler')
    cfg.model.data_preprocessor.size = (16, 16)
    cfg.model = dict(
        type='DACS',
        segmentor=cfg.model,
        strong_augmentation=False,
        masked_consistency=dict(block_size=4),
        pseudo_threshold=0.0,
    )
    return cfg


@pytest.fixture
def weights(uda, tmp_path):
    """Checkpoint of the model, and the model."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(uda.model)
    for p in model.teacher.parameters():
        p.data.add_(torch.randn_like(p) / 10)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'uda.pth')
    torch.save(
        dict(state_dict=model.teacher.state_dict()), tmp_path / 'plain.pth'
    )
    return tmp_path, model


def first(cfg, *args, num=4):
    samples = TrainingSamples(cfg, *args)
    return [rows for rows, _ in zip(samples, range(num), strict=False)]


def content(rows, row, panel):
    return rows[row].panels[panel].content


def test_images_and_labels_belong_together(uda, weights):
    folder, _ = weights
    samples = first(uda, str(folder / 'uda.pth'))
    assert len(samples) == 4
    shares = []
    for rows in samples:
        assert [row.title for row in rows] == [
            *('source', 'target', 'mix', 'masked')
        ]
        source, target, mixed, masked = ([*row.panels] for row in rows)
        image, labels = (p.content for p in source)
        # the fixture's images tell their class: 80 a class, noise below 20
        known = labels != 255
        assert (image[known].mean(-1) // 80 == labels[known]).all()

        titles = [panel.title.partition(':')[0] for panel in target]
        assert titles[1:] == ['pseudo-labels', 'weights', 'confidence']
        other, pseudo, weight, confidence = (p.content for p in target)
        assert (weight == 1).all()
        assert ((1 / 3 <= confidence) & (confidence <= 1)).all()

        content, label, weight, is_target = (p.content for p in mixed)
        assert (content == np.where(is_target[..., None], other, image)).all()
        assert (label == np.where(is_target, pseudo, labels)).all()
        shares.append(is_target.mean())

        content, label = (p.content for p in masked[:2])
        kept = (content == other).all(-1)
        assert kept.any() and not kept.all()
        assert (label == pseudo).all()
    assert 0 < np.mean(shares) < 1


def test_a_segmentor_is_taken_for_the_teacher(uda, weights):
    folder, _ = weights
    own = first(uda, str(folder / 'uda.pth'))
    plain = first(uda, str(folder / 'plain.pth'))
    for a, b in zip(own, plain, strict=True):
        assert (content(a, 1, 1) == content(b, 1, 1)).all()


def test_crops_are_those_of_the_run(uda, weights):
    """The sampler's draws, by the seed of the run."""
    a, b, c = (first(uda, None, seed, num=2) for seed in (0, 0, 1))
    for rows in a:  # without a teacher
        assert [len(row.panels) for row in rows] == [2, 1, 3, 3]
        assert (rows[3].panels[1].content == 255).all()
    for x, y in zip(a, b, strict=True):
        assert (content(x, 0, 0) == content(y, 0, 0)).all()
    files = [
        [[row.panels[0].title for row in rows[:2]] for rows in samples]
        for samples in (a, b, c)
    ]
    assert files[0] == files[1] != files[2]


def test_supervised_training(tiny_config):
    cfg = Config.fromfile(tiny_config())
    assert not TrainingSamples(cfg, 'not/read.pth').has_labels
    ((row,),) = first(cfg, num=1)
    image, labels = row.panels
    assert row.title == 'source' and image.title.endswith('.png')
    assert image.content.shape == (40, 48, 3)
    assert labels.content.shape == (40, 48)


def test_another_network_is_refused(uda, weights):
    folder, model = weights
    state = model.teacher.state_dict()
    state['decode_head.conv_seg.weight'] = torch.zeros(3, 4, 1, 1)
    torch.save(dict(state_dict=state), folder / 'other.pth')
    with pytest.raises(ValueError, match='other.pth does not fit the config'):
        TrainingSamples(uda, str(folder / 'other.pth'))


def test_the_tool(uda, weights, run_tool, tmp_path, capsys, monkeypatch):
    folder, _ = weights
    monkeypatch.chdir(tmp_path)
    uda.dump('uda.py')
    arguments = ['uda.py', '--num', 2, '--checkpoint', folder / 'uda.pth']
    run_tool('browse.py', *arguments)
    assert 'wrote 2 pictures' in capsys.readouterr().out
    out = tmp_path / 'work_dirs/uda/browse'
    assert [p.name for p in sorted(out.iterdir())] == [
        'sample_000.png',
        'sample_001.png',
    ]
    picture = np.array(Image.open(out / 'sample_000.png'))[..., :3]
    for colour in PALETTE:  # of labels and of the legend
        assert (picture == colour).all(-1).sum() > 100
    with pytest.raises(SystemExit, match='has sample_000.png.*--overwrite'):
        run_tool('browse.py', *arguments)
    with pytest.raises(SystemExit, match='no checkpoint file none.pth'):
        run_tool(
            'browse.py', 'uda.py', '--checkpoint', 'none.pth', '--out', 'a'
        )
    with pytest.raises(SystemExit, match='--num to be at least 1, but got 0'):
        run_tool('browse.py', 'uda.py', '--num', 0, '--out', 'other')


def test_pairs_of_frames_have_a_row(uda, tmp_path):
    data = clip_set(write_clip(tmp_path / 'clip'))
    data['pipeline'].insert(-1, dict(type='RandomCrop', crop_size=(16, 16)))
    uda.train_dataloader.dataset.target = data
    for domain in ('source', 'target'):
        part = uda.train_dataloader.dataset[domain]
        part.metainfo = dict(classes=('a', 'b', 'c'))
    (rows,) = first(uda, num=1)
    titles = [row.title for row in rows]
    assert titles == ['source', 'target', 'mix', 'masked', 'target frames']
    assert [p.title.partition(':')[0] for p in rows[-1].panels][2] == 'flow'
