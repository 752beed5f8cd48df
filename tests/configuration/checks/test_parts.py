"""Parts of ``configs/_base_``: each can be taken, none can be forgotten."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import HOOKS, MODELS

from mmseg_balance.configuration.checks.parts import check_parts

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
PARTS = sorted((CONFIGS / '_base_/balance').glob('*.py'))
LOSSES = [part for part in PARTS if part.stem != 'rcs']
DACS = 'dacs/dacs_lite0_300_toy2toy-256x256.py'
HOOK_LINE = "custom_hooks = _base_.custom_hooks + _base_.pop('balance_hooks')"


@pytest.fixture
def read(tmp_path):
    def read_text(text, *bases):
        paths = [str(CONFIGS / base) for base in bases]
        file = tmp_path / 'config.py'
        file.write_text(f'_base_ = {paths}\n{text}\n')
        return Config.fromfile(file)

    return read_text


@pytest.mark.parametrize('part', LOSSES, ids=lambda part: part.stem)
def test_each_balance_method_is_taken_alike(read, part):
    taken = f"model = _base_.pop('balance_model')\n{HOOK_LINE}"
    cfg = read(taken, DACS, part)
    check_parts(cfg)
    assert not [key for key in cfg if key.startswith('balance')]
    assert cfg.model.type == 'DACS'
    loss = cfg.model.segmentor.decode_head.loss_decode
    assert loss.type != 'CrossEntropyLoss'
    init_default_scope('mmseg')
    MODELS.build(loss)
    kinds = [hook.type for hook in cfg.custom_hooks]
    assert kinds[:2] == ['IterationSeedHook', 'TeacherUpdateHook']
    assert len(set(kinds)) == len(kinds)
    for hook in cfg.custom_hooks:
        HOOKS.build(hook)


def test_rare_class_sampling_is_taken(read):
    cfg = read(
        'train_dataloader = dict(dataset=dict('
        "rare_class_sampling=_base_.pop('balance_sampling')))",
        DACS,
        '_base_/balance/rcs.py',
    )
    check_parts(cfg)
    assert cfg.train_dataloader.dataset.rare_class_sampling.class_temp == 0.01


STYLES = ('_base_/styles/fourier.py', '_base_/styles/lab.py')


@pytest.mark.parametrize('style', STYLES)
def test_styles_are_taken(read, style):
    with pytest.raises(ValueError, match='source_style.*source.pipeline') as e:
        check_parts(read('', DACS, style))
    line, _, loader = str(e.value).partition(' and train_dataloader')
    line = line.partition(': write ')[2]
    loader = f'train_dataloader{loader.partition(" in the config")[0]}'
    cfg = read(f'{line}\n{loader}', DACS, style)
    check_parts(cfg)
    assert 'source_style' not in cfg
    kinds = [t.type for t in cfg.train_dataloader.dataset.source.pipeline]
    assert kinds[2] in ('FourierStyle', 'LabStyle')
    assert kinds[3] == 'RandomCrop'


@pytest.mark.parametrize('part', LOSSES, ids=lambda part: part.stem)
def test_a_forgotten_balance_method_is_refused(read, part):
    with pytest.raises(ValueError, match='^balance_model') as raised:
        check_parts(read('', DACS, part))
    assert "write model = _base_.pop('balance_model')" in str(raised.value)
    assert '\n' not in str(raised.value)
    # focal loss needs no hook, for one
    needs_hooks = bool(Config.fromfile(part).balance_hooks)
    assert (HOOK_LINE in str(raised.value)) == needs_hooks


def test_forgotten_hooks_and_sampling_are_refused(read):
    model = "model = _base_.pop('balance_model')"
    cfg = read(model, DACS, '_base_/balance/lbw.py')
    with pytest.raises(ValueError, match='^balance_hooks.* is not in custom'):
        check_parts(cfg)
    cfg = read('', DACS, '_base_/balance/rcs.py')
    with pytest.raises(ValueError, match=r'^balance_sampling.*rare_class_sam'):
        check_parts(cfg)
    cfg = read('', DACS, '_base_/uda/mic.py')
    with pytest.raises(ValueError, match=r"model = _base_.pop\('uda_model"):
        check_parts(cfg)


def test_forgotten_data_are_refused(read):
    other = '_base_/datasets/pair_synthia2cityscapes.py'
    with pytest.raises(ValueError, match='^pair_source and pair_evaluator.*'):
        check_parts(read('', DACS, other))
    toys = '_base_/datasets/pair_camvid-day2camvid-dusk.py'
    with pytest.raises(ValueError, match=r"pair_train.*_base_.pop\('pair_tr"):
        check_parts(read('', DACS, toys))
    pipelines = '_base_/datasets/pipelines_256.py'
    with pytest.raises(ValueError, match=r'^train_data.*\.source has no type'):
        check_parts(read('', pipelines))


def test_parts_among_several_sources(read):
    sources = [dict(type='GTADataset', data_root='data/gta')]
    taken = Config(
        dict(
            pair_source=dict(type='SYNTHIADataset', data_root='data/synthia'),
            train_dataloader=dict(dataset=dict(source=sources)),
        )
    )
    with pytest.raises(ValueError, match='^pair_source'):
        check_parts(taken)
    taken.train_dataloader.dataset.source.append(dict(taken.pair_source))
    check_parts(taken)
    taken.train_dataloader.dataset.source.append(dict(data_root='data/own'))
    with pytest.raises(ValueError, match=r'\.source\[2\] has no type'):
        check_parts(taken)


def test_a_style_in_the_pipeline_of_one_of_several_sources(read):
    style = dict(type='FourierStyle', beta=0.01)
    plain = dict(type='GTADataset', pipeline=[dict(type='LabStyle')])
    dataset = dict(source=[plain, dict(plain, pipeline=[dict(style)])])
    cfg = Config(
        dict(source_style=style, train_dataloader=dict(dataset=dataset))
    )
    check_parts(cfg)
    cfg.train_dataloader.dataset.source = (plain, dataset['source'][1])
    check_parts(cfg)
    cfg.train_dataloader.dataset.source = [plain]
    with pytest.raises(ValueError, match='^source_style'):
        check_parts(cfg)


def test_parts_taken_the_long_way_may_stay_behind(read):
    cfg = read(
        'model = {{_base_.balance_model}}\n'
        'custom_hooks = [*_base_.custom_hooks, *_base_.balance_hooks]\n'
        'custom_hooks[-1].interval = 3',
        DACS,
        '_base_/balance/gbw.py',
    )
    assert 'balance_model' in cfg
    check_parts(cfg)
    # changed afterwards, as by --cfg-options
    cfg.merge_from_dict(
        {'model.segmentor.decode_head.loss_decode.mode': 'paper'}
    )
    check_parts(cfg)
    cfg.model.segmentor.decode_head.loss_decode.type = 'CrossEntropyLoss'
    with pytest.raises(ValueError, match='^balance_model'):
        check_parts(cfg)


def test_variables_that_are_called_alike_are_not_parts():
    check_parts(Config(dict(balance_model='blda', balance_hooks=None)))
    check_parts(Config(dict(model=dict(type='EncoderDecoder'))))
