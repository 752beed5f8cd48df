"""load_from and init_cfg: what a run starts from, or why it does not."""

import re

import pytest
import timm
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.initial import timm_weights
from mmseg_balance.checkpoints.initial.files import check_initial_files
from mmseg_balance.checkpoints.initial.weights import initial_weights

CLASSES = ['sky', 'road', 'car']


@pytest.fixture
def uda_config(tiny_config):
    """A UDA config of one iteration that changes no weight."""

    def write(kind='DAFormer', **changes):
        path = tiny_config()
        cfg = Config.fromfile(path)
        cfg.model = dict(type=kind, segmentor=cfg.model)
        if kind == 'DAFormer':
            cfg.model.feature_distance = dict(classes=[2])
        cfg.optim_wrapper = dict(
            type='OptimWrapper',
            constructor='StudentOptimWrapperConstructor',
            optimizer=dict(type='SGD', lr=0.0),
        )
        crop = [
            dict(type='LoadImageFromFile'),
            dict(type='RandomCrop', crop_size=(40, 48)),
            dict(type='PackSegInputs'),
        ]
        data = cfg.train_dataloader.dataset
        target = {**data, 'pipeline': crop}
        source = [crop[0], dict(type='LoadAnnotations'), *crop[1:]]
        cfg.train_dataloader.dataset = dict(
            type='UDADataset',
            source={**data, 'pipeline': source},
            target=target,
        )
        cfg.custom_hooks = [dict(type='TeacherUpdateHook')]
        cfg.train_cfg.update(max_iters=1, val_interval=100)
        cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.merge_from_dict(changes)
        cfg.dump(path)
        return path

    return write


def built(config):
    init_default_scope('mmseg')
    return MODELS.build(Config.fromfile(config).model)


def other_weights(model, value=0.25):
    """Its state, of numbers that no other model has."""
    return {
        k: torch.full_like(v, value)
        if v.is_floating_point()
        else torch.full_like(v, 3)
        for k, v in model.state_dict().items()
    }


def train(run_tool, config, folder, *options):
    run_tool(
        *('train.py', config, '--work-dir', folder),
        *(['--cfg-options', *map(str, options)] if options else []),
    )
    return torch.load(folder / 'iter_1.pth')['state_dict']


def test_plain_weights_go_to_student_and_teacher(
    run_tool, uda_config, tiny_config, tmp_path, capfd
):
    file = tmp_path / 'plain.pth'
    plain = other_weights(built(tiny_config()))
    # of DistributedDataParallel, and with the averages of EMAHook
    torch.save(
        dict(
            state_dict={f'module.{k}': v for k, v in plain.items()},
            ema_state_dict=dict(steps=torch.tensor(3)),
            meta=dict(CLASSES=tuple(CLASSES)),
        ),
        file,
    )
    config = uda_config()
    state = train(run_tool, config, tmp_path / 'a', f'load_from={file}')
    for key, value in plain.items():
        if 'running' not in key and 'tracked' not in key:
            assert torch.equal(state[f'student.{key}'], value), key
            assert torch.equal(state[f'teacher.{key}'], value), key
    # ImageNet's stay what they were: neither the file's nor the student's
    first = train(run_tool, config, tmp_path / 'b')
    frozen = [k for k in first if 'feature_distance.backbone.' in k]
    assert len(frozen) == len([k for k in plain if k[:9] == 'backbone.'])
    assert all(torch.equal(state[k], first[k]) for k in frozen)
    output = capfd.readouterr()
    (line,) = re.findall(r'load_from: .*', output.out + output.err)
    number = len(frozen)
    assert line.startswith(
        f'load_from: {file} is of a segmentor; taken: student (backbone '
        f'{number} of {number}, decode_head '
    )
    assert line.endswith('; its weights are the averages of EMAHook')
    assert 'do not match exactly' not in output.out + output.err


def test_another_uda_model_brings_its_teacher(run_tool, uda_config, tmp_path):
    config = uda_config('DACS')
    model = built(uda_config())
    weights = other_weights(model)
    weights |= {
        k: torch.full_like(v, 0.5)
        for k, v in weights.items()
        if k.startswith('teacher.') and v.is_floating_point()
    }
    file = tmp_path / 'uda.pth'
    torch.save(dict(state_dict=weights, meta={}), file)
    key = 'teacher.decode_head.conv_seg.weight'
    state = train(run_tool, config, tmp_path / 'a', f'load_from={file}')
    assert (state[key.replace('teacher', 'student')] == 0.25).all()
    # after the first iteration: half of itself, half of the student
    assert (state[key] == 0.375).all()
    taken = initial_weights(model, weights, 'uda.pth')
    assert not [k for k in taken.state if k.startswith('objectives.')]
    assert taken.line.endswith('not taken: its objectives')


def test_statistics_of_other_classes_are_left(uda_config):
    loss = dict(type='BLDALoss', num_classes=3)
    model = built(
        uda_config('DACS', **{'model.segmentor.decode_head.loss_decode': loss})
    )
    weights = other_weights(model)

    def statistics(trained):
        taken = initial_weights(model, weights, 'x.pth', trained, CLASSES)
        keys = [k for k in taken.state if '.loss_decode.' in k]
        return len(keys), taken.line

    assert statistics(CLASSES)[0] == 18
    number, line = statistics(['sky', 'car', 'road'])
    assert number == 0 and 'statistics of losses 0 of 18' in line
    assert line.endswith('its 3 classes are others (sky, car, road)')


def test_classifier_of_other_classes_keeps_its_first_weights(
    uda_config, tiny_config
):
    wide = built(tiny_config(**{'model.decode_head.num_classes': 5}))
    taken = initial_weights(
        built(uda_config('DACS')), wide.state_dict(), 'wide.pth'
    )
    assert 'student.decode_head.conv_seg.weight' not in taken.state
    assert (
        "first weights for 'student.decode_head.conv_seg.weight' has shape "
        '(5, 16, 1, 1), in the model (3, 16, 1, 1)'
    ) in taken.line


@pytest.mark.parametrize(
    'change, clauses',
    [
        (
            lambda k: f'model.{k}',
            ('lacks every weight of the model', 'checkpoint convert IN OUT'),
        ),
        (lambda k: f'ema_model.{k}', ("'ema_model.", 'checkpoint convert')),
        (
            lambda k: k.removeprefix('backbone.'),
            ('model.segmentor.backbone.init_cfg=dict(', 'backbone alone'),
        ),
        (
            lambda k: f'blocks.{k}',
            ('timm', 'pretrained_cfg_overlay', 'checkpoint convert'),
        ),
        (
            lambda k: k.replace('layers.0.2', 'layers.7.2'),
            ('lacks 2 of the', 'weights of the backbone', 'layers.0.2.weight'),
        ),
    ],
)
def test_other_layouts_are_refused(uda_config, tiny_config, change, clauses):
    model = built(uda_config('DACS'))
    state = built(tiny_config()).state_dict()
    weights = {change(k): v for k, v in state.items()}
    with pytest.raises(ValueError) as error:
        initial_weights(model, weights, 'x.pth')
    for clause in ('load_from: x.pth', *clauses):
        assert clause in str(error.value)


def test_downloads_of_mmengine_are_read_with_weights_only(
    tmp_path, monkeypatch, capsys
):
    """open-mmlab:// and torchvision:// too, where weights are kept."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    folder = tmp_path / 'hub' / 'checkpoints'
    folder.mkdir(parents=True)
    for path in ('https://a.b/x.pth', 'open-mmlab://resnet101_v1c'):
        name = path.rpartition('/')[2]
        if '101' in name:
            name = 'resnet101_v1c-e67eebb6.pth'
        torch.save(dict(state_dict=Trap()), folder / name)
        with pytest.raises(ValueError, match=f'{name} .*print.*weights_only'):
            CheckpointLoader.load_checkpoint(path, 'cpu')
        torch.save(dict(state_dict=dict(a=torch.ones(1))), folder / name)
        loaded = CheckpointLoader.load_checkpoint(path, 'cpu')
        assert loaded['state_dict'] == dict(a=1)
    assert 'unpickled' not in capsys.readouterr().out


class Trap:
    def __reduce__(self):
        return print, ('unpickled',)


@pytest.fixture
def files(tmp_path):
    """Files that cannot be loaded, by what is wrong with them."""
    named = {n: tmp_path / f'{n}.pth' for n in ('cut', 'empty', 'pickle')}
    torch.save(dict(state_dict=dict(a=torch.ones(9999))), named['cut'])
    named['cut'].write_bytes(named['cut'].read_bytes()[:-500])
    named['empty'].touch()
    torch.save(dict(state_dict=Trap()), named['pickle'])
    return named | dict(
        missing=tmp_path / 'missing.pth',
        network='http://127.0.0.1:9/some.pth',
    )


@pytest.mark.parametrize(
    'kind, clause',
    [
        ('missing', 'no file .*missing.pth'),
        ('cut', 'cut.pth is no complete checkpoint'),
        ('empty', 'empty.pth is no complete checkpoint'),
        ('pickle', 'pickle.pth holds a print, which weights_only'),
        ('network', r'127.*some.pth cannot be downloaded \(.*the path of'),
    ],
)
def test_files_that_cannot_be_read(files, capsys, kind, clause):
    path = str(files[kind])
    init = dict(type='Pretrained', checkpoint=path)
    backbone = dict(type='ResNet', init_cfg=init)
    for key, cfg in (
        ('load_from', dict(model={}, load_from=path)),
        ('model.pretrained', dict(model=dict(pretrained=path))),
        (
            'model.segmentor.backbone.init_cfg.checkpoint',
            dict(model=dict(segmentor=dict(backbone=backbone))),
        ),
    ):
        with pytest.raises((OSError, ValueError)) as error:
            check_initial_files(Config(cfg))
        text = str(error.value)
        assert re.match(f'{key}: .*{clause}', text)
        assert f'--cfg-options {key}=/path/to/file.pth' in text
        assert len(text.splitlines()) == 1
    assert 'unpickled' not in capsys.readouterr().out


def test_a_resumed_run_does_not_load_from(files):
    path = str(files['missing'])
    check_initial_files(Config(dict(model={}, load_from=path, resume=True)))


def test_load_from_a_file_that_is_not_there(run_tool, tiny_config, tmp_path):
    option = f'load_from={tmp_path / "missing.pth"}'
    with pytest.raises(SystemExit, match='^error: load_from: no file .*pth;'):
        train(run_tool, tiny_config(), tmp_path / 'run', option)


def test_a_file_of_another_network_under_init_cfg(
    run_tool, tiny_config, tmp_path
):
    file, init = tmp_path / 'other.pth', 'model.backbone.init_cfg'
    torch.save({'stem.weight': torch.ones(3)}, file)
    options = [f'{init}.type=Pretrained', f'{init}.checkpoint={file}']
    with pytest.raises(SystemExit, match=f'{file}, of init_cfg of backbone'):
        train(run_tool, tiny_config(), tmp_path / 'run', *options)


def test_timm_without_a_network(run_tool, tiny_config, tmp_path, monkeypatch):
    """One line at once, and the file that it asks for works."""
    monkeypatch.setattr(timm_weights, '_is_in_reach', lambda _: False)
    config = tiny_config()
    cfg = Config.fromfile(config)
    cfg.model.backbone = dict(
        type='TIMMBackbone', model_name='resnet18', out_indices=(0, 1)
    )
    cfg.dump(config)
    with pytest.raises(SystemExit) as exit_:
        train(run_tool, config, tmp_path / 'run')
    assert re.match(
        r'error: model.backbone.pretrained is True, and \S*resnet18\S* is '
        'neither .*--cfg-options model.backbone.pretrained_cfg_overlay.file=',
        str(exit_.value),
    )
    file = tmp_path / 'resnet18.pth'
    weights = timm.create_model('resnet18').state_dict()
    torch.save(weights, file)
    init_default_scope('mmseg')
    part = cfg.model.backbone | dict(
        pretrained_cfg_overlay=dict(file=str(file))
    )
    timm_weights.check_timm_weights('model.backbone', part)
    network = MODELS.build(part).timm_model.state_dict()
    assert torch.equal(network['conv1.weight'], weights['conv1.weight'])
    part['pretrained_cfg_overlay'] = dict(file='y.pth')
    with pytest.raises(FileNotFoundError, match='overlay.file: no file y.pth'):
        timm_weights.check_timm_weights('model.backbone', part)
