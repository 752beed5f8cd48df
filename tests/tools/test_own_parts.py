"""An objective, a loss, a hook and a method from outside, through the tools.

Nothing of the package knows them; what they declare is all that it needs.
"""

import json
import shutil

import numpy as np
import pytest
import torch
from helpers.registered import forget
from mmengine.config import Config
from mmseg.apis import inference_model, init_model

MODULE = '''
from contextlib import nullcontext

import torch
from mmengine.hooks import Hook
from mmseg.models import EncoderDecoder
from mmseg.registry import HOOKS, MODELS
from torch import nn
from torch.nn import functional as F

from mmseg_balance.errors import UserValueError
from mmseg_balance.models.declarations import modules_with_hook
from mmseg_balance.models.head_losses.predictions import training_features
from mmseg_balance.models.head_losses.segmentation_loss import (
    segmentation_losses)
from mmseg_balance.models.losses.class_weights.weight_history import (
    WeightHistory)
from mmseg_balance.models.uda import Objective, SourceObjective, UDASegmentor
from mmseg_balance.models.uda.objectives.step import TrainingBatch
from mmseg_balance.models.uda.teacher.image_logits import (
    image_logits, recorded_logits)
from mmseg_balance.models.wrapped_segmentor import unwrapped


@MODELS.register_module()
class OwnLoss(nn.Module):
    """Cross entropy, weighted by 2 - 1 / t in iteration t."""

    required_hooks = {'OwnHook': 'a {type}, whose weight would stay 1'}
    loss_name = 'loss_own'

    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.history = WeightHistory()
        self.register_buffer('count', torch.zeros(1))

    def forward(self, cls_score, label, weight=None, ignore_index=255, **_):
        loss = F.cross_entropy(
            cls_score, label, reduction='none', ignore_index=ignore_index)
        loss = loss if weight is None else loss * weight
        return (2 - 1 / (1 + self.count)) * loss.mean()

    def count_one(self):
        self.count += 1
        self.history.add((1 + self.count).expand(self.num_classes), 'all')


@HOOKS.register_module()
class OwnHook(Hook):
    in_dry_run = True

    def prepare(self, runner):
        self.losses = modules_with_hook(unwrapped(runner.model), 'OwnHook')
        if not self.losses:
            raise UserValueError('OwnHook found no loss: remove it')
        return f'OwnHook serves {len(self.losses)} losses'

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        for loss in self.losses:
            loss.count_one()


@MODELS.register_module()
class OwnObjective(Objective):
    """Mirrored target images; a critic with an optimizer of its own."""

    prefix = 'own'
    needs_target = True
    optimizer_name = 'critic'
    required_hooks = {'StepsHook': 'an {type}, whose steps nobody counts'}

    def attach(self, student):
        self.critic = nn.Conv2d(student.decode_head.num_classes, 1, 1)
        self.register_buffer('steps', torch.zeros(()))

    def training_batch(self, step):
        return TrainingBatch(
            step.target_images.flip(-1),
            step.pseudo.labels.flip(-1),
            step.pseudo.weight.flip(-1),
            torch.ones_like(step.target_valid))

    def around(self, student, objective):
        if objective is self:
            return recorded_logits(student, auxiliary=False)
        return nullcontext()

    def own_losses(self, record):
        return dict(loss=self.critic(record['decode']).square().mean())

    def forward(self, student, step):
        batch = self.training_batch(step)
        features = training_features(student, batch.images)
        return segmentation_losses(
            student, features, batch.labels, batch.weight, batch.target_mask)


@HOOKS.register_module()
class StepsHook(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        for part in modules_with_hook(unwrapped(runner.model), 'StepsHook'):
            part.steps += 1


@MODELS.register_module()
class OwnMethod(UDASegmentor):
    def __init__(self, segmentor, alpha=0.9, **kwargs):
        objectives = [SourceObjective(), OwnObjective()]
        super().__init__(segmentor, objectives, alpha=alpha, **kwargs)


@MODELS.register_module()
class OwnBalanced(EncoderDecoder):
    balances_logits = True
'''
SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
ADDED = ('IterationSeedHook', 'TeacherUpdateHook', 'OwnHook')


@pytest.fixture
def config(tiny_config, tmp_path, monkeypatch):
    """A training with them; ``custom_hooks`` has none that they need."""
    (tmp_path / 'own_parts.py').write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def write(change=None):
        path = tiny_config()
        cfg = Config.fromfile(path)
        cfg.custom_imports.imports = ['mmseg_balance', 'own_parts']
        data = cfg.train_dataloader.dataset
        cfg.train_dataloader.dataset = dict(
            type='UDADataset', source=data, target=data
        )
        cfg.train_dataloader.sampler = dict(type='ResumableInfiniteSampler')
        cfg.model.decode_head.loss_decode = dict(type='OwnLoss', num_classes=3)
        cfg.model = dict(
            type='OwnMethod', segmentor=cfg.model, pseudo_threshold=0.0
        )
        cfg.custom_hooks = [dict(type='ClassWeightsHook', interval=3)]
        cfg.optim_wrapper = dict(
            constructor='AdversarialOptimWrapperConstructor',
            student=SGD,
            critic=SGD,
        )
        if change is not None:
            change(cfg)
        cfg.dump(path)
        return path

    yield write
    forget('own_parts')


def load(path):
    return torch.load(path, weights_only=False)


def test_parts_from_outside(config, run_tool, tmp_path, capsys):
    path = config()
    run_tool('train.py', path, '--work-dir', 'run')
    said = [
        line
        for line in capsys.readouterr().err.splitlines()
        if line.startswith('warning: custom_hooks lacks')
    ]
    assert len(said) == len(ADDED)
    for name, line in zip(ADDED, said, strict=True):
        assert f"lacks {name}: dict(type='{name}') is added" in line
    assert said[-1].endswith('has a OwnLoss, whose weight would stay 1')
    (log,) = tmp_path.glob('run/*/*.log')
    text = log.read_text()
    assert 'OwnHook serves 1 losses' in text
    # of an objective that the method builds without a config
    assert 'lacks StepsHook' in text
    assert 'model has an OwnObjective, whose steps nobody counts' in text
    assert 'dry run: one training step and two validation images' in text
    (scores,) = tmp_path.glob('run/*/vis_data/scalars.json')
    logged = [json.loads(line) for line in scores.read_text().splitlines()]
    assert {'own.decode.loss_own', 'critic.loss'} <= logged[0].keys()
    assert 'mIoU' in logged[-1]
    # once an iteration, and the dry run's is not among them
    whole = load('run/iter_6.pth')
    assert whole['state_dict']['objectives.1.steps'] == 6
    name = 'student.decode_head.loss_decode.count'
    assert whole['state_dict'][name].item() == 6
    assert load('run/iter_3.pth')['state_dict'][name].item() == 3
    assert whole['optimizer'].keys() == {'student', 'critic'}

    (tmp_path / 'again').mkdir()
    shutil.copy('run/iter_3.pth', 'again')
    run_tool('train.py', path, '--work-dir', 'again', '--resume')
    resumed = load('again/iter_6.pth')['state_dict']
    assert resumed.keys() == whole['state_dict'].keys()
    for key, value in whole['state_dict'].items():
        assert torch.equal(value, resumed[key]), key

    run_tool('test.py', path, 'run/iter_6.pth', '--work-dir', 'test')
    (file,) = tmp_path.glob('test/*/*.json')
    assert json.loads(file.read_text())['mIoU'] == logged[-1]['mIoU']
    tool = 'model_converters/export_segmentor.py'
    run_tool(tool, path, 'run/iter_6.pth', 'plain')
    plain = init_model('plain/config.py', 'plain/weights.pth', device='cpu')
    image = np.zeros((40, 48, 3), np.uint8)
    with_method = init_model(str(path), 'run/iter_6.pth', device='cpu')
    assert torch.equal(
        inference_model(plain, image).seg_logits.data,
        inference_model(with_method, image).seg_logits.data,
    )
    run_tool('analysis_tools/plot_class_weights.py', 'run')
    assert list(tmp_path.glob('run/**/class_weights*.png'))
    picture = ('--num', 1, '--checkpoint', 'run/iter_6.pth', '--out', 'seen')
    run_tool('browse.py', path, *picture)
    assert (tmp_path / 'seen/sample_000.png').is_file()


def twice(cfg):
    cfg.custom_hooks = [dict(type='OwnHook'), dict(type='OwnHook')]


def without_its_loss(cfg):
    cfg.custom_hooks = [dict(type='OwnHook')]
    loss = dict(type='CrossEntropyLoss')
    cfg.model.segmentor.decode_head.loss_decode = loss


def one_optimizer(cfg):
    cfg.optim_wrapper = SGD


def another_optimizer(cfg):
    cfg.optim_wrapper.other = SGD


@pytest.mark.parametrize(
    'change, message',
    [
        (twice, r'custom_hooks\[0\] and custom_hooks\[1\] are both OwnHook'),
        (without_its_loss, 'OwnHook found no loss: remove it'),
        (
            one_optimizer,
            r"has optimizers \['critic', 'student'\], but optim_wrapper has "
            'one optimizer',
        ),
        (another_optimizer, "found no others in model.type='OwnMethod'"),
    ],
)
def test_mistakes_with_them_are_said_before_the_start(
    config, run_tool, change, message
):
    path = config(change)
    with pytest.raises(SystemExit, match=f'^error: .*{message}'):
        run_tool('train.py', path, '--work-dir', 'run')


def test_a_model_that_balances_is_tested_and_not_balanced_again(
    config, run_tool, tmp_path
):
    def balanced(cfg):
        cfg.model = dict(cfg.model.segmentor, type='OwnBalanced')

    path = config(balanced)
    model = init_model(str(path), device='cpu')
    torch.save(dict(state_dict=model.state_dict(), meta={}), 'own.pth')
    run_tool('test.py', path, 'own.pth', '--work-dir', 'test')
    (file,) = tmp_path.glob('test/*/*.json')
    assert json.loads(file.read_text())['mIoU'] > 0
    with pytest.raises(SystemExit, match='OwnBalanced, whose logits are bal'):
        run_tool('test.py', path, 'own.pth', '--post-hoc', 'own.pth')
