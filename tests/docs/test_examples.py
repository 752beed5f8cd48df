"""The programs in docs/examples, and what the pages say of them."""

import copy
import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from helpers import doc_pages as pages
from helpers.registered import forget
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmengine.utils import get_installed_path
from mmseg.registry import HOOKS, MODELS
from mmseg.structures import SegDataSample
from torch import nn
from torch.nn import functional as F

from mmseg_balance.configuration.checks.needed_hooks import add_needed_hooks

EXAMPLES = pages.ROOT / 'docs' / 'examples'


@pytest.fixture(scope='module')
def new_parts():
    """Registers loss, hook and objective of docs/extending.md."""
    names = 'new_loss', 'new_hook', 'new_objective'
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        for name in names:
            importlib.import_module(name)
        yield
    for name in names:
        forget(name)


@pytest.mark.parametrize('name', [file.stem for file in EXAMPLES.glob('*.py')])
def test_short(name):
    assert len((EXAMPLES / f'{name}.py').read_text().splitlines()) <= 40


def run_with_seed(name: str, seed: int) -> dict:
    """Run an example whose random numbers begin elsewhere."""
    text = (EXAMPLES / f'{name}.py').read_text()
    assert 'torch.manual_seed(0)' in text
    text = text.replace('torch.manual_seed(0)', f'torch.manual_seed({seed})')
    found = {}
    exec(compile(text, name, 'exec'), found)
    return found


def printed(capsys) -> list[list[float]]:
    """Accuracies of each class, a list for each line."""
    lines = capsys.readouterr().out.splitlines()
    return [[float(word) for word in line.split()] for line in lines]


@pytest.mark.parametrize('seed', range(3))
def test_balance_logits(seed, capsys):
    """Balancing finds more of the two rare classes, as it prints."""
    run_with_seed('balance_logits', seed)
    plain, balanced = printed(capsys)
    assert len(plain) == len(balanced) == 3
    assert balanced[1] > plain[1] + 0.1
    assert balanced[2] > plain[2] + 0.2
    assert sum(balanced) > sum(plain) + 0.2


@pytest.mark.parametrize('seed', [0, 1])
def test_long_tailed(seed, capsys, monkeypatch):
    """Both lines, and a network that was never balanced."""
    monkeypatch.syspath_prepend(EXAMPLES)
    example = run_with_seed('long_tailed', seed)
    online, balanced = printed(capsys)
    assert len(online) == len(balanced) == example['C']
    assert balanced[-1] > online[-1] + 0.3
    assert sum(balanced) > sum(online) + 0.2
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 5))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(150):
        points, labels = example['draw'](256, example['SHARES'])
        optimizer.zero_grad()
        F.cross_entropy(network(points), labels).backward()
        optimizer.step()
    points, labels = example['batch']
    right = network(points).argmax(1) == labels
    plain = [right[labels == c].float().mean().item() for c in range(5)]
    assert balanced[-1] > plain[-1] + 0.3
    assert sum(balanced) > sum(plain) + 0.2


def test_new_loss(new_parts):
    """Cross entropy with smoothed labels, written out."""
    loss = MODELS.build(dict(type='SmoothedCrossEntropyLoss', smoothing=0.2))
    logits = torch.randn(2, 3, 4, 4)
    label = torch.randint(3, (2, 4, 4))
    label[0, 0] = 255
    weight = torch.rand(2, 4, 4)
    logp = logits.log_softmax(1)
    truth = F.one_hot(label.where(label < 3, 0), 3).movedim(-1, 1)
    truth = 0.8 * truth + 0.2 / 3
    pixels = -(truth * logp).sum(1) * weight * (label < 3)
    torch.testing.assert_close(loss(logits, label, weight), pixels.mean())
    # as the page says, and without statistics BLDA changes nothing
    config = dict(type='SmoothedCrossEntropyLoss', smoothing=0.2)
    blda = MODELS.build(dict(type='BLDALoss', num_classes=3, criterion=config))
    torch.testing.assert_close(blda(logits, label, weight), pixels.mean())


def test_new_hook(new_parts):
    """A config with the loss alone is given the hook, and that acts on it."""
    fading = dict(type='FadingLoss')
    loss = dict(type='BLDALoss', num_classes=3, criterion=fading)
    hooks = [dict(type='GMMUpdateHook')]
    cfg = Config(dict(model=dict(loss_decode=loss), custom_hooks=hooks))
    (line,) = add_needed_hooks(cfg)
    assert line.endswith('has a FadingLoss, whose smoothing would not fade')
    hook = HOOKS.build(cfg.custom_hooks[0])
    model = MODELS.build(loss)
    runner = SimpleNamespace(model=model, iter=0, max_iters=8)
    hook.before_train(runner)
    for runner.iter in range(8):
        hook.before_train_iter(runner, 0)
        expected = 0.2 * (8 - runner.iter) / 8
        assert model.criterion.smoothing == pytest.approx(expected)


def own_network(**kwargs) -> dict:
    """A few layers for four classes."""
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[90.0] * 3,
            std=[60.0] * 3,
            size=(32, 32),
        ),
        backbone=dict(
            type='MixVisionTransformer',
            embed_dims=8,
            num_stages=1,
            num_layers=[1],
            num_heads=[1],
            patch_sizes=[3],
            strides=[2],
            sr_ratios=[4],
            out_indices=(0,),
            mlp_ratio=2,
        ),
        decode_head=dict(
            type='FCNHead',
            in_channels=8,
            in_index=0,
            channels=8,
            num_convs=1,
            num_classes=4,
            norm_cfg=dict(type='BN'),
            **kwargs,
        ),
    )


def page_config(page: str, start: str, file: Path | None = None) -> Config:
    """The config in the python block of a page that begins so."""
    text = (pages.ROOT / 'docs' / page).read_text()
    block = text[text.index(f'```python\n{start}') :]
    block = block.removeprefix('```python\n').partition('```')[0]
    if file is not None:
        file.write_text(block)
        return Config.fromfile(file)
    block = block.replace('segmentor=dict(...)', 'segmentor=None')
    return Config.fromstring(block, '.py')


def batch(labelled: bool) -> dict:
    """Two images of 32 x 32, as a pipeline packs them."""
    samples = [SegDataSample() for _ in range(2)]
    for sample in samples if labelled else ():
        label = torch.randint(4, (1, 32, 32))
        sample.gt_sem_seg = PixelData(data=label)
    images = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8)
    return dict(inputs=list(images), data_samples=samples)


def test_new_objective(new_parts):
    """The model of the page takes a step; half the mirrored loss is in it."""
    cfg = page_config('extending.md', "model = dict(\n    type='UDASegmentor'")
    cfg.model.segmentor = own_network(
        loss_decode=dict(type='SmoothedCrossEntropyLoss'), dropout_ratio=0.0
    )
    cfg.model.pseudo_threshold = 0.0
    optimizer = OptimWrapper(torch.optim.SGD([nn.Parameter(torch.ones(1))]))
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
        model.init_weights()
        data = dict(source=batch(labelled=True), target=batch(labelled=False))
        step = model.prepare(data)
        log = model.train_step(data, optimizer)
        images = step.target_images.flip(-1)
        student = model.student
        logits = student.decode_head(student.extract_feat(images))
    logits = F.interpolate(logits, (32, 32), mode='bilinear')
    labels = step.pseudo.labels.flip(-1)
    loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
    name = 'decode.loss_smoothed'
    assert log[f'mirrored.{name}'] == pytest.approx(0.5 * loss.item())
    assert log['loss'] == pytest.approx(
        sum(log[f'{prefix}.{name}'] for prefix in ('src', 'mix', 'mirrored'))
    )


def test_new_critic(monkeypatch):
    """Losses of a step by hand: two of the critic's, one of the student's."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    importlib.import_module('new_critic')
    objectives = ('SourceObjective', 'CriticObjective')
    cfg = dict(
        type='UDASegmentor',
        segmentor=own_network(dropout_ratio=0.0),
        objectives=[dict(type=kind) for kind in objectives],
    )
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg)
    forget('new_critic')
    cfg = page_config('extending.md', 'optim_wrapper = dict(\n    constr')
    cfg.optim_wrapper.critic.optimizer = dict(type='SGD', lr=0.1)
    optimizers = build_optim_wrapper(model, cfg.optim_wrapper)
    data = dict(source=batch(labelled=True), target=batch(labelled=False))
    step = model.prepare(data)
    student, net = copy.deepcopy((model.student, model.objectives[1].net))
    squares = {}
    for domain, wanted in (('source', 1), ('target', 0), ('target', 1)):
        images = getattr(step, f'{domain}_images')
        with torch.no_grad():
            logits = student.decode_head(student.extract_feat(images))
        logits = F.interpolate(logits, (32, 32), mode='bilinear')
        squares[domain, wanted] = (net(logits) - wanted).square().mean()
    squares['source', 1].backward()  # of its own losses alone
    squares['target', 0].backward()
    log = model.train_step(data, optimizers)
    for name, of in (('decode', ('source', 1)), ('target', ('target', 0))):
        assert log[f'critic.loss_{name}'] == pytest.approx(squares[of].item())
    mislead = 0.01 * squares['target', 1].item()
    assert log['critic.loss_mislead'] == pytest.approx(mislead)
    total = log['src.decode.loss_ce'] + mislead
    assert log['loss'] == pytest.approx(total)
    moved = net.weight - 0.1 * net.weight.grad
    torch.testing.assert_close(model.objectives[1].net.weight, moved)


def test_own_network(tmp_path):
    """A network of MMSegmentation's own configs, inside a method."""
    file = tmp_path / 'own_network.py'
    cfg = page_config('own_network.md', "_base_ = [\n    'mmseg::", file)
    stock = Config.fromfile(
        get_installed_path('mmseg')
        + '/.mim/configs/_base_/models/segformer_mit-b0.py'
    )
    cfg.model.segmentor.pop('_scope_')
    assert cfg.model == dict(type='DACS', segmentor=stock.model)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(
            dict(**cfg.model, data_preprocessor=cfg.data_preprocessor)
        )
    assert model.student.decode_head.num_classes == 19
