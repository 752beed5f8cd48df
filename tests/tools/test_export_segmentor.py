import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS

import mmseg_balance  # noqa: F401  (mmseg.apis needs it under mmcv-lite)
from mmseg_balance.checkpoints.export.config import (
    foreign_modules,
    imports_for,
)

CLASSES = ['sky', 'road', 'car']
META = dict(classes=tuple(CLASSES), palette=[[1, 2, 3]] * 3)
AUXILIARY = dict(
    type='FCNHead',
    in_channels=8,
    in_index=1,
    channels=4,
    num_convs=1,
    num_classes=3,
    norm_cfg=dict(type='BN'),
    align_corners=False,
    loss_decode=dict(type='CrossEntropyLoss', loss_weight=0.4),
)


@pytest.fixture
def trained(tiny_config, tmp_path):
    """Config and checkpoint of a UDA model or of a segmentor.

    Every tensor is random, running statistics included, so that a tensor
    that is not exported shows in the predictions.
    """

    def make(
        kind='DACS',
        loss='BLDALoss',
        backbone=None,
        head=None,
        auxiliary=None,
        **changes,
    ):
        path = tiny_config()
        cfg = Config.fromfile(path)
        part = cfg.model
        part.decode_head.loss_decode = dict(type=loss, loss_weight=0.7)
        if loss == 'BLDALoss':
            part.decode_head.loss_decode.num_classes = 3
        part.backbone.update(backbone or {})
        if head and 'type' in head:
            part.decode_head = head
        else:
            part.decode_head.update(head or {})
        part.auxiliary_head = auxiliary
        if kind != 'EncoderDecoder':
            cfg.model = dict(type=kind, segmentor=part)
        cfg.merge_from_dict(changes)
        cfg.custom_hooks = [
            dict(type='TeacherUpdateHook'),
            dict(type='GMMUpdateHook'),
        ]
        cfg.dump(path)
        init_default_scope('mmseg')
        model = MODELS.build(cfg.model)
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.2, 1.0)
        checkpoint = tmp_path / 'iter_6.pth'
        torch.save(
            dict(state_dict=model.state_dict(), meta=dict(dataset_meta=META)),
            checkpoint,
        )
        model.cfg = cfg
        return path, checkpoint, model.eval()

    return make


@pytest.fixture
def image():
    return (
        np.random.default_rng(0).integers(0, 255, (40, 48, 3)).astype(np.uint8)
    )


def logits(model, image):
    return inference_model(model, image).seg_logits.data


@pytest.mark.parametrize('part', ['student', 'teacher', None])
def test_predictions_stay_the_same(
    trained, run_tool, tmp_path, image, part, capsys
):
    config, checkpoint, model = trained(
        **{'model.predict_with': 'teacher'}, auxiliary=AUXILIARY
    )
    out = tmp_path / 'plain'
    run_tool(
        'model_converters/export_segmentor.py',
        config,
        checkpoint,
        out,
        *(['--part', part] if part else []),
    )
    assert f"init_model('{out}/config.py'" in capsys.readouterr().out
    plain = init_model(
        str(out / 'config.py'), str(out / 'weights.pth'), device='cpu'
    )
    assert type(plain).__name__ == 'EncoderDecoder'
    assert list(plain.dataset_meta['classes']) == CLASSES

    chosen = part or 'teacher'
    model.predict_with = chosen
    torch.testing.assert_close(
        logits(plain, image), logits(model, image), rtol=0, atol=0
    )
    model.predict_with = {'student': 'teacher', 'teacher': 'student'}[chosen]
    assert not torch.equal(logits(plain, image), logits(model, image))

    # the teacher is built without the auxiliary head
    saved = torch.load(out / 'weights.pth')['state_dict']
    has_auxiliary = any(k.startswith('auxiliary_head.') for k in saved)
    assert has_auxiliary == (chosen == 'student')
    assert not [k for k in saved if 'loss_decode' in k or 'student' in k]


def test_plain_segmentor(trained, run_tool, tmp_path, image):
    config, checkpoint, model = trained('EncoderDecoder', 'CrossEntropyLoss')
    out = tmp_path / 'plain'
    run_tool('model_converters/export_segmentor.py', config, checkpoint, out)
    plain = init_model(
        str(out / 'config.py'), str(out / 'weights.pth'), device='cpu'
    )
    assert torch.equal(logits(plain, image), logits(model, image))
    with pytest.raises(SystemExit, match='--part student needs'):
        run_tool(
            'model_converters/export_segmentor.py',
            config,
            checkpoint,
            tmp_path / 'other',
            '--part',
            'student',
        )


def test_exported_config_has_no_training_and_no_foreign_part(
    trained, run_tool, tmp_path, monkeypatch
):
    # where the data of this machine lies is no matter of others
    monkeypatch.setenv('MMSEG_BALANCE_DATA', '/mnt')
    root = 'data/streets'
    config, checkpoint, _ = trained(
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='no.pth')),
        **{'test_dataloader.dataset.data_root': root},
    )
    run_tool(
        'model_converters/export_segmentor.py', config, checkpoint, tmp_path
    )
    cfg = Config.fromfile(tmp_path / 'config.py')
    assert not foreign_modules(cfg._cfg_dict)
    for key in (
        'custom_imports',
        'custom_hooks',
        'train_dataloader',
        'optim_wrapper',
        'train_cfg',
    ):
        assert key not in cfg
    assert 'init_cfg' not in cfg.model.backbone
    assert cfg.model.decode_head.loss_decode == dict(
        type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.7
    )
    assert cfg.test_evaluator == dict(type='IoUMetric', iou_metrics=['mIoU'])
    assert cfg.test_dataloader.dataset.type == 'BaseSegDataset'
    assert cfg.test_dataloader.dataset.data_root == root


def test_stock_export_needs_nothing_of_this_package(
    trained, run_tool, tmp_path
):
    """A process that imports mmseg alone (and mmcv's missing operators)."""
    config, checkpoint, _ = trained()
    run_tool(
        'model_converters/export_segmentor.py',
        config,
        checkpoint,
        tmp_path / 'out',
    )
    script = (
        'import sys, types\n'
        'from importlib.machinery import ModuleSpec\n'
        'from importlib.util import find_spec\n'
        'class Missing(types.ModuleType):\n'
        '    def __getattr__(self, name):\n'
        '        if name.startswith("__"): raise AttributeError(name)\n'
        '        return lambda *args: None\n'
        'if find_spec("mmcv._ext") is None:\n'
        '    sys.modules["mmcv._ext"] = Missing("mmcv._ext")\n'
        '    sys.modules["mmcv._ext"].__spec__ = ModuleSpec("e", None)\n'
        'from mmseg.apis import inference_model, init_model\n'
        'import numpy as np\n'
        'model = init_model("config.py", "weights.pth", device="cpu")\n'
        'image = np.zeros((40, 48, 3), np.uint8)\n'
        'print(inference_model(model, image).pred_sem_seg.shape)\n'
        'assert "mmseg_balance" not in sys.modules\n'
    )
    result = subprocess.run(
        [sys.executable, '-c', script],
        cwd=tmp_path / 'out',
        env=os.environ | dict(OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert '(40, 48)' in result.stdout


def test_part_of_this_package_is_named(trained, run_tool, tmp_path, image):
    head = dict(
        type='DLV2Head',
        in_channels=8,
        in_index=1,
        channels=8,
        num_classes=3,
        dilations=(1, 2),
        dropout_ratio=0.0,
        align_corners=False,
        loss_decode=dict(type='BLDALoss', num_classes=3),
    )
    config, checkpoint, model = trained(head=head)
    run_tool(
        'model_converters/export_segmentor.py',
        config,
        checkpoint,
        tmp_path / 'out',
    )
    cfg = Config.fromfile(tmp_path / 'out' / 'config.py')
    assert cfg.custom_imports.imports == ['mmseg_balance']
    assert cfg.test_evaluator.type == 'BalancedIoUMetric'
    plain = init_model(
        cfg, str(tmp_path / 'out' / 'weights.pth'), device='cpu'
    )
    assert torch.equal(logits(plain, image), logits(model, image))


def test_data_set_of_another_package_is_left_out(trained, run_tool, tmp_path):
    config, checkpoint, _ = trained(
        **{'test_dataloader.dataset.type': 'CamVidDataset'}
    )
    run_tool(
        'model_converters/export_segmentor.py',
        config,
        checkpoint,
        tmp_path / 'out',
    )
    cfg = Config.fromfile(tmp_path / 'out' / 'config.py')
    assert 'test_dataloader' not in cfg and 'test_evaluator' not in cfg
    assert cfg.test_pipeline


def test_files_are_not_replaced(trained, run_tool, tmp_path):
    config, checkpoint, _ = trained()
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'weights.pth').write_text('mine')
    args = ('model_converters/export_segmentor.py', config, checkpoint, out)
    with pytest.raises(SystemExit, match='weights.pth exists.*--force'):
        run_tool(*args)
    assert (out / 'weights.pth').read_text() == 'mine'
    assert [p.name for p in out.iterdir()] == ['weights.pth']
    run_tool(*args, '--force')
    assert torch.load(out / 'weights.pth')['meta']['exported_part'] == (
        'student'
    )


def test_mistakes(trained, run_tool, tmp_path):
    config, checkpoint, _ = trained('SourceOnly')
    tool = 'model_converters/export_segmentor.py'
    with pytest.raises(SystemExit, match='no weights of a teacher'):
        run_tool(tool, config, checkpoint, tmp_path / 'a', '--part', 'teacher')
    with pytest.raises(SystemExit, match='no checkpoint file'):
        run_tool(tool, config, tmp_path / 'no.pth', tmp_path / 'a')
    with pytest.raises(SystemExit, match='no config file'):
        run_tool(tool, tmp_path / 'no.py', checkpoint, tmp_path / 'a')
    other, _, _ = trained('SourceOnly', head=dict(channels=32))
    trained('SourceOnly')
    with pytest.raises(SystemExit, match='does not fit the config'):
        run_tool(tool, other, checkpoint, tmp_path / 'a')
    assert not (tmp_path / 'a').exists()


def test_model_that_is_balanced(trained, run_tool, tmp_path):
    """Refused by its name, and before its statistics are looked for."""
    config, checkpoint, _ = trained()
    cfg = Config.fromfile(config)
    cfg.model = dict(
        type='PostHocSegmentor', segmentor=cfg.model, statistics='none.pth'
    )
    cfg.dump(tmp_path / 'balanced.py')
    for options in ([], ['--part', 'teacher']):
        with pytest.raises(SystemExit, match='PostHoc.*config of its segm'):
            run_tool(
                'model_converters/export_segmentor.py',
                *(tmp_path / 'balanced.py', checkpoint, tmp_path / 'out'),
                *options,
            )
    assert not (tmp_path / 'out').exists()


def test_classes_come_from_the_test_data_where_the_checkpoint_has_none(
    trained, run_tool, tmp_path
):
    config, checkpoint, _ = trained()
    state = torch.load(checkpoint)['state_dict']
    torch.save(dict(state_dict=state), checkpoint)
    run_tool(
        'model_converters/export_segmentor.py',
        config,
        checkpoint,
        tmp_path / 'out',
    )
    meta = torch.load(tmp_path / 'out' / 'weights.pth')['meta']
    assert meta['dataset_meta']['classes'] == CLASSES


def test_imports_of_the_config_are_kept_for_other_packages():
    cfg = Config(
        dict(
            custom_imports=dict(
                imports=['mmseg_balance', 'my_nets', 'my_hooks']
            )
        )
    )
    modules = {
        'my_nets.heads.big',
        'unnamed.heads',
        'mmseg_balance.models.decode_heads.dlv2_head',
    }
    assert imports_for(cfg, modules) == [
        'mmseg_balance',
        'my_nets',
        'unnamed.heads',
    ]
