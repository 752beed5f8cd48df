"""A transformer with LoRA through the tools: files, sharing, export."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import timm
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS
from safetensors.torch import save_file

import mmseg_balance  # noqa: F401  (mmseg.apis needs it under mmcv-lite)
from mmseg_balance.checkpoints.initial import timm_weights
from mmseg_balance.engine.hooks.teacher_update_hook import TeacherUpdateHook

NAME = 'vit_small_patch14_dinov2'
TINY = dict(embed_dim=24, depth=2, num_heads=3, img_size=56)
PYRAMID = dict(type='TimmViTPyramid', model_name=NAME, out_channels=8)
LORA = dict(type='LoRA', rank=4, alpha=8)


@pytest.fixture
def config(uda_config):
    """Write the config of DACS with BLDA on a small transformer."""

    def write(adapter=LORA, name='vit', **backbone):
        path = uda_config(name, [dict(type='TeacherUpdateHook')])
        cfg = Config.fromfile(path)
        cfg.custom_hooks += [
            dict(type='IterationSeedHook'),
            dict(type='GMMUpdateHook'),
        ]
        cfg.optim_wrapper = dict(
            type='OptimWrapper',
            constructor='StudentOptimWrapperConstructor',
            optimizer=dict(type='AdamW', lr=0.01, weight_decay=0.5),
        )
        segmentor = cfg.model.segmentor
        segmentor.backbone = {
            **PYRAMID,
            **TINY,
            'adapter': adapter,
            **backbone,
        }
        segmentor.decode_head.update(
            in_channels=[8] * 4, in_index=[0, 1, 2, 3]
        )
        cfg.dump(path)
        return path

    return write


def train(run_tool, path, folder, *options):
    run_tool('train.py', path, '--work-dir', folder, *options)
    return torch.load(folder / 'iter_6.pth')


def test_published_weights_stay_and_updates_are_merged(
    config, run_tool, tmp_path
):
    """From the file of timm to an exported model, through the tools."""
    vit = timm.create_model(NAME, num_classes=0, **TINY).state_dict()
    published = {k: torch.randn_like(v) * 0.1 for k, v in vit.items()}
    file = tmp_path / 'vit.safetensors'
    save_file(published, file)
    path = config(init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    saved = train(run_tool, path, tmp_path / 'run')
    state = saved['state_dict']
    for key, value in published.items():
        for part in ('student', 'teacher'):
            own = state[f'{part}.backbone.vit.{key}']
            assert torch.equal(own, value), key  # nothing decays them
    updates = [k for k in state if k.endswith('lora_b')]
    assert len(updates) == 2 * TINY['depth']
    assert all(state[k].abs().max() > 0 for k in updates)
    groups = saved['optimizer']['param_groups']
    given = sum(len(group['params']) for group in groups)
    # of what is frozen the optimizer keeps nothing
    assert len(saved['optimizer']['state']) == given - len(published)

    out = tmp_path / 'plain'
    checkpoint = tmp_path / 'run' / 'iter_6.pth'
    run_tool('model_converters/export_segmentor.py', path, checkpoint, out)
    cfg = Config.fromfile(out / 'config.py')
    assert cfg.custom_imports.imports == ['mmseg_balance']
    assert not {'adapter', 'init_cfg'} & cfg.model.backbone.keys()
    weights = torch.load(out / 'weights.pth')['state_dict']
    assert not [k for k in weights if 'lora' in k]
    prefix = 'backbone.vit.'
    assert {k for k in weights if k.startswith(prefix)} == {
        prefix + k for k in published
    }
    plain = init_model(cfg, str(out / 'weights.pth'), device='cpu')
    whole = init_model(str(path), str(checkpoint), device='cpu')
    image = np.random.default_rng(0).integers(0, 255, (90, 120, 3))
    image = image.astype(np.uint8)
    own, other = (
        inference_model(model, image).seg_logits.data
        for model in (plain, whole)
    )
    assert own.shape == (3, 90, 120)
    torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-5)


def test_frozen_weights_are_in_a_file_once(config, run_tool, tmp_path):
    """Student and teacher are two names of them."""
    saved = train(run_tool, config(), tmp_path / 'run')['state_dict']
    keys = [k for k in saved if k.startswith('student.backbone.vit.')]
    shared = {k.removeprefix('student.') for k in keys if 'lora' not in k}
    for key in keys:
        own = saved[key]
        other = saved[key.replace('student.', 'teacher.')]
        same = own.data_ptr() == other.data_ptr()
        assert same == (key.removeprefix('student.') in shared), key
    both = train(run_tool, config(None, 'all'), tmp_path / 'all')
    frozen = sum(saved[f'student.{k}'].nbytes for k in shared)
    sizes = [
        (tmp_path / name / 'iter_6.pth').stat().st_size
        for name in ('run', 'all')
    ]
    state = both['optimizer']['state']
    averages = sum(v.nbytes for s in state.values() for v in s.values())
    assert averages > 2 * frozen  # where all is trained, for each weight
    assert sizes[1] - sizes[0] > 2.5 * frozen

    init_default_scope('mmseg')
    model = MODELS.build(Config.fromfile(config(name='again')).model)
    model.load_state_dict(saved)
    for key, value in model.state_dict().items():
        assert torch.equal(value, saved[key])


@pytest.mark.parametrize('frozen', [True, False])
def test_teacher_shares_what_is_never_trained(config, frozen):
    init_default_scope('mmseg')
    model = MODELS.build(Config.fromfile(config(None, frozen=frozen)).model)
    student, teacher = model.student.backbone, model.teacher.backbone
    pairs = zip(
        student.named_parameters(), teacher.named_parameters(), strict=True
    )
    for (key, own), (name, other) in pairs:
        assert key == name
        assert (own is other) == (frozen and key.startswith('vit.')), key
    with torch.no_grad():
        for parameter in student.parameters():
            if parameter.requires_grad:
                parameter.add_(1)
    before = [p.clone() for p in student.vit.parameters()]
    model.update_teacher(3)
    for own, other in zip(before, student.vit.parameters(), strict=True):
        assert torch.equal(own, other)
    # fetched from a GPU, each key is a tensor of its own
    state = {key: value.clone() for key, value in model.state_dict().items()}
    runner = SimpleNamespace(model=model)
    hook = TeacherUpdateHook()
    hook.before_save_checkpoint(runner, dict(state_dict=state))
    for key, own in state.items():
        assert torch.equal(own, model.state_dict()[key])
        if key.startswith('teacher.'):
            other = state[key.replace('teacher.', 'student.')]
            assert (own is other) == (frozen and '.vit.' in key), key
    head, average = (
        next(part.decode_head.parameters())
        for part in (model.student, model.teacher)
    )
    assert head is not average


def test_the_linear_head(config, run_tool, tmp_path):
    head = dict(
        type='FCNHead',
        in_channels=24,
        in_index=0,
        channels=24,
        num_convs=0,
        concat_input=False,
        num_classes=3,
        align_corners=False,
        loss_decode=dict(type='BLDALoss', num_classes=3, min_samples=5),
    )
    path = config(None, frozen=True, out_channels=None)
    cfg = Config.fromfile(path)
    cfg.model.segmentor.decode_head = head
    cfg.dump(path)
    saved = train(run_tool, path, tmp_path / 'run')['state_dict']
    trained = [
        key
        for key in saved
        if key.startswith('student.') and 'vit' not in key
        and 'loss_decode' not in key
    ]  # fmt: skip
    assert trained == [
        'student.decode_head.conv_seg.weight',
        'student.decode_head.conv_seg.bias',
    ]


def test_weights_of_the_hub_without_a_network(
    config, run_tool, tmp_path, monkeypatch
):
    """One line at once, and what it asks for works."""
    monkeypatch.setattr(timm_weights, '_is_in_reach', lambda _: False)
    path = config(pretrained=True)
    with pytest.raises(SystemExit) as exit_:
        run_tool('train.py', path, '--work-dir', tmp_path / 'run')
    key = 'model.segmentor.backbone'
    assert re.match(
        rf'error: {key}.pretrained is True, and \S*{NAME}\S* is neither kept '
        rf'.*--cfg-options {key}.pretrained=False '
        rf'{key}.init_cfg.type=Pretrained {key}.init_cfg.checkpoint=/path/',
        str(exit_.value),
    )
    file = tmp_path / 'vit.pth'
    vit = timm.create_model(NAME, num_classes=0, **TINY)
    torch.save(vit.state_dict(), file)
    options = [
        f'{key}.pretrained=False',
        f'{key}.init_cfg.type=Pretrained',
        f'{key}.init_cfg.checkpoint={file}',
    ]
    state = train(run_tool, path, tmp_path / 'run', '--cfg-options', *options)[
        'state_dict'
    ]
    own = state['student.backbone.vit.patch_embed.proj.weight']
    assert torch.equal(own, vit.patch_embed.proj.weight)
    # a checkpoint has all weights, so that none are fetched
    cfg = Config.fromfile(path)
    timm_weights.keep_from_fetching(cfg.model)
    assert cfg.model.segmentor.backbone.pretrained is False


@pytest.mark.parametrize(
    'backbone, message',
    [
        (dict(model_name='vit_smal_patch14_dinov2'), 'vit_small_patch14_din'),
        (dict(adapter=dict(type='LoRA', targets='q')), 'LoRA found no layer'),
        (dict(init_cfg=dict(type='Pretrained', checkpoint='no.pth')),
         'backbone.init_cfg.checkpoint: no file no.pth'),
        (dict(indivisible='error'), 'images of 40 x 48 pixels, but takes'),
    ],
)  # fmt: skip
def test_mistakes_are_a_line(backbone, message, config, run_tool, tmp_path):
    with pytest.raises(SystemExit, match=f'(?s)^error.*{message}'):
        run_tool('train.py', config(**backbone), '--work-dir', tmp_path / 'a')
