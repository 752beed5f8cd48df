"""Distributions of logits of a classifier: few images, accuracies alone."""

import json

import numpy as np
import pytest
import torch
from helpers.tiny_classifiers import classifier_cfg
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from PIL import Image

from mmseg_balance.cli.main import main
from mmseg_balance.logits import load_statistics

CLASSES = ('dark', 'grey', 'light')
IMAGES = 6


@pytest.fixture
def trained(tmp_path):
    """Config and checkpoint; images of a class differ by noise."""
    generator = np.random.default_rng(0)
    for index, name in enumerate(CLASSES):
        for domain in ('source', 'target'):
            folder = tmp_path / domain / name
            folder.mkdir(parents=True)
            for number in range(IMAGES):
                noise = generator.integers(0, 60, (8, 8, 3))
                image = Image.fromarray((90 * index + noise).astype(np.uint8))
                image.save(folder / f'{number}.png')
    data = dict(
        type='ClassFolderDataset',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='source'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadClassLabel'),
            dict(type='PackUDAInputs'),
        ],
    )
    target = dict(data, data_prefix=dict(img_path='target'))
    loader = dict(batch_size=2, num_workers=0)
    cfg = Config(
        dict(
            default_scope='mmseg',
            model=classifier_cfg(num_classes=3),
            train_dataloader=dict(
                loader,
                dataset=dict(type='UDADataset', source=data, target=target),
            ),
            test_dataloader=dict(loader, dataset=target),
            test_evaluator=dict(type='ClassificationMetric'),
            test_cfg=dict(type='TestLoop'),
        )
    )
    cfg.dump(tmp_path / 'config.py')
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    state = dict(
        state_dict=model.state_dict(),
        meta=dict(dataset_meta=dict(classes=CLASSES)),
    )
    torch.save(state, tmp_path / 'trained.pth')
    return tmp_path / 'config.py', tmp_path / 'trained.pth'


def refusal(*words):
    with pytest.raises(SystemExit) as exit_:
        main([*map(str, words)])
    return str(exit_.value)


def test_classes_of_few_images_are_fitted_by_min_samples(
    trained, tmp_path, capsys
):
    out = tmp_path / 'statistics.pth'
    fit = ('logits', 'fit', *trained, '--out', out)
    message = refusal(*fit)
    assert (
        '18 labelled pixels (images' in message and '--min-samples' in message
    )
    assert not out.exists()
    main([*map(str, (*fit, '--min-samples', IMAGES))])
    statistics, _ = load_statistics(out)
    assert statistics.min_samples == IMAGES
    assert statistics.source.num_updates.gt(0).all()
    capsys.readouterr()
    main([*map(str, (*fit, '--min-samples', IMAGES + 1, '--overwrite'))])
    assert (
        f'source: not fitted, since they have fewer than {IMAGES + 1} images'
        in capsys.readouterr().out
    )
    statistics, _ = load_statistics(out)
    assert not statistics.source.num_updates.any()


@pytest.mark.parametrize('group', ['logits', 'figure'])
def test_bias_by_few_images(trained, tmp_path, group):
    words = (group, 'bias', *trained, '--out', tmp_path / 'bias')
    main([*map(str, (*words, '--min-samples', 2))])
    assert list((tmp_path / 'bias').glob('*.png'))


def test_a_sweep_has_accuracies_alone(trained, tmp_path, capsys):
    statistics = tmp_path / 'statistics.pth'
    few = ('--min-samples', '2')
    main([*map(str, ('logits', 'fit', *trained, '--out', statistics, *few))])
    capsys.readouterr()
    folder = tmp_path / 'sweep'
    words = ('logits', 'sweep-tau', *trained, statistics, '--out', folder)
    main([*map(str, words)])
    assert 'mIoU' not in capsys.readouterr().out
    found = json.loads((folder / 'tau_sweep.json').read_text())
    assert set(found['best']) == {'mAcc', 'Acc_std'}
    figure = ('figure', 'tau', *trained, '--out', tmp_path / 'figure')
    sweep = folder / 'tau_sweep.json'
    main([*map(str, (*figure, '--sweep', sweep))])
    table = (tmp_path / 'figure' / 'tau.csv').read_text()
    assert 'mAcc' in table and 'IoU' not in table
