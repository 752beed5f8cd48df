"""What is shown of a training is what a step of it is given."""

import numpy as np
import pytest
import torch
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


def test_images_and_labels_belong_together(uda, weights):
    folder, _ = weights
    samples = first(uda, str(folder / 'uda.pth'))
    assert len(samples) == 4
    shares = []
    for crops, mixed, masked in samples:
        titles = [panel.title.partition(':')[0] for panel in crops]
        assert titles == [
            *('source', 'labels', 'target', 'pseudo-labels', 'weights')
        ]
        source, labels, target, pseudo, weight = (p.content for p in crops)
        # the fixture's images tell their class: 80 a class, noise below 20
        known = labels != 255
        assert (source[known].mean(-1) // 80 == labels[known]).all()
        assert (weight == 1).all()

        image, label, weight = (panel.content for panel in mixed)
        pasted = (image == source).all(-1)
        assert ((image == target).all(-1) | pasted).all()
        assert (label == labels)[pasted].mean() > 0.9  # some are alike
        assert (label == pseudo)[~pasted].all()
        shares.append(pasted.mean())

        image, label, weight = (panel.content for panel in masked)
        kept = (image == target).all(-1)
        assert kept.any() and not kept.all()
        assert (label == pseudo).all()
    assert 0 < np.mean(shares) < 1


def test_a_segmentor_is_taken_for_the_teacher(uda, weights):
    folder, _ = weights
    own = first(uda, str(folder / 'uda.pth'))
    plain = first(uda, str(folder / 'plain.pth'))
    for a, b in zip(own, plain, strict=True):
        assert (a[0][3].content == b[0][3].content).all()


def test_crops_are_those_of_the_run(uda, weights):
    """The sampler's draws, by the seed of the run."""
    a, b, c = (first(uda, None, seed, num=2) for seed in (0, 0, 1))
    for crops, mixed, masked in a:  # without a teacher
        assert [len(row) for row in (crops, mixed, masked)] == [3, 2, 2]
        assert (masked[1].content == 255).all()
    for x, y in zip(a, b, strict=True):
        assert (x[0][0].content == y[0][0].content).all()
        assert x[0][0].title == y[0][0].title
    assert any(
        x[0][0].title != z[0][0].title or x[0][2].title != z[0][2].title
        for x, z in zip(a, c, strict=True)
    )


def test_supervised_training(tiny_config):
    cfg = Config.fromfile(tiny_config())
    assert not TrainingSamples(cfg, 'not/read.pth').has_labels
    (rows,) = first(cfg, num=1)
    ((image, labels),) = rows
    assert image.title.startswith('source: ') and image.title.endswith('.png')
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
