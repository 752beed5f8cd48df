"""Checkpoints in the public layout predict here what they did there."""

import pytest
import torch
from helpers.public_parameters import load_vector
from helpers.reference import WHOLE, corner, whole_files
from mmengine.config import Config
from mmseg.apis import init_model

from mmseg_balance.checkpoints.weights import check_fits, read_checkpoint

TOOL = 'model_converters/uda_checkpoint.py'
CLOSE = dict(rtol=0, atol=1e-4)
BN = dict(type='BN', requires_grad=True)
RELU = dict(type='ReLU')
CLASSES = tuple(f'class {i}' for i in range(19))


def mit(embed_dims, depth):
    return dict(
        type='FusedMixVisionTransformer',
        embed_dims=embed_dims,
        num_layers=[depth] * 4,
        num_heads=[1, 2, 5, 8],
        patch_sizes=[7, 3, 3, 3],
        sr_ratios=[8, 4, 2, 1],
        out_indices=(0, 1, 2, 3),
        mlp_ratio=4,
        qkv_bias=True,
    )


def daformer_head(embed_dims, channels, fusion):
    mlp = dict(type='mlp', act_cfg=None, norm_cfg=None)
    return dict(
        type='DAFormerHead',
        in_channels=[embed_dims * heads for heads in (1, 2, 5, 8)],
        in_index=[0, 1, 2, 3],
        channels=channels,
        num_classes=19,
        norm_cfg=BN,
        decoder_params=dict(
            embed_dims=channels,
            embed_cfg=mlp,
            embed_neck_cfg=mlp,
            fusion_cfg=dict(fusion, norm_cfg=BN, act_cfg=RELU),
        ),
    )


SEP_ASPP = dict(type='aspp', sep=True, dilations=(1, 6, 12, 18), pool=False)
NETWORKS = dict(
    model_tiny_mit_daformer=dict(
        type='EncoderDecoder',
        backbone=mit(8, 2),
        decode_head=daformer_head(8, 32, SEP_ASPP),
    ),
    model_mit_b0_daformer64_rule=dict(
        type='EncoderDecoder',
        backbone=mit(32, 2),
        decode_head=daformer_head(32, 64, SEP_ASPP),
    ),
    model_r50v1c_dlv2_rule=dict(
        type='EncoderDecoder',
        backbone=dict(
            type='ResNetV1c',
            depth=50,
            dilations=(1, 1, 2, 4),
            strides=(1, 2, 1, 1),
            contract_dilation=True,
        ),
        decode_head=dict(
            type='DLV2Head', in_channels=2048, in_index=3, num_classes=19
        ),
    ),
    hrda_model_tiny=dict(
        type='HRDAEncoderDecoder',
        scale=0.5,
        detail_crop_size=(64, 64),
        backbone=mit(8, 1),
        decode_head=dict(
            type='HRDAHead',
            num_classes=19,
            head=daformer_head(8, 32, SEP_ASPP),
            attention=daformer_head(8, 16, dict(type='conv', kernel_size=1)),
        ),
    ),
)


# a larger network beside those whose numbers are kept
FILES = [
    *(name for name in NETWORKS if 'b0' not in name),
    *whole_files('model_mit_b0_daformer64_rule'),
]


@pytest.fixture
def public(tmp_path):
    """Write a checkpoint as the public repositories do.

    The student has the weights of the reference run, the other networks have
    others.
    """

    def write(name, *others):
        weights, arrays = load_vector(name)
        state = {f'model.{key}': value for key, value in weights.items()}
        for i, prefix in enumerate(others, 1):
            state |= {f'{prefix}.{k}': v + i for k, v in weights.items()}
        path = tmp_path / 'public.pth'
        meta = dict(
            mmseg_version='0.16.0',
            config='model = dict()',
            iter=40000,
            CLASSES=CLASSES,
            PALETTE=[[i, i, i] for i in range(19)],
        )
        optimizer = dict(state={0: dict(step=1, exp_avg=torch.ones(3))})
        torch.save(
            dict(meta=meta, state_dict=state, optimizer=optimizer), path
        )
        return path, arrays

    return write


@pytest.fixture
def config(tmp_path):
    """Write the config of a UDA model with a network of the reference run."""

    def write(name, **changes):
        segmentor = dict(
            NETWORKS[name.removeprefix(WHOLE)],
            data_preprocessor=dict(type='SegDataPreProcessor'),
            train_cfg=dict(),
            test_cfg=dict(mode='whole'),
        )
        cfg = Config(
            dict(
                default_scope='mmseg',
                model=dict(type='SourceOnly', segmentor=segmentor, alpha=0.9),
                test_pipeline=[],
            )
        )
        cfg.merge_from_dict(changes)
        path = tmp_path / 'config.py'
        cfg.dump(path)
        return path

    return write


def load(config, checkpoint):
    model = init_model(str(config), str(checkpoint), device='cpu')
    check_fits(model, read_checkpoint(str(checkpoint))[0], str(checkpoint))
    return model


def check_corner(found, expected):
    torch.testing.assert_close(corner(found, expected), expected, **CLOSE)


@torch.no_grad()
def check_predictions(segmentor, arrays):
    segmentor.eval()
    image = arrays['img']
    if 'encode_decode' in arrays:  # HRDA
        logits = segmentor.decode_head(segmentor.extract_feat(image))
        check_corner(logits, arrays['encode_decode'])
        return
    features = segmentor.extract_feat(image)
    for i, feature in enumerate(features):
        if f'feat{i}' in arrays:
            check_corner(feature, arrays[f'feat{i}'])
        else:
            check_corner(feature, arrays[f'feat{i}_first16ch'])
    logits = segmentor.decode_head(features)
    check_corner(logits, arrays['decode_logits'])
    logits = segmentor.encode_decode(image, [dict(img_shape=(128, 128))])
    check_corner(logits, arrays['encode_decode_first2cls'])


@pytest.mark.parametrize('name', FILES)
def test_predictions_of_the_student(
    public, config, run_tool, tmp_path, name, capsys
):
    source, arrays = public(name, 'ema_model', 'imnet_model')
    out = tmp_path / 'new' / 'out.pth'
    run_tool(TOOL, source, out)
    model = load(config(name), out)
    assert model.dataset_meta['classes'] == list(CLASSES)
    check_predictions(model.student, arrays)
    printed = capsys.readouterr().out
    assert 'the ImageNet network of the feature distance' in printed
    assert f'wrote {out}' in printed and 'network' in printed
    assert [p.name for p in out.parent.iterdir()] == ['out.pth']


@pytest.mark.parametrize('name', ['model_tiny_mit_daformer'])
def test_predictions_of_the_teacher(public, config, run_tool, tmp_path, name):
    source, arrays = public(name)
    state = torch.load(source)['state_dict']
    state = {
        **{key: value + 1 for key, value in state.items()},
        **{f'ema_{key}': value for key, value in state.items()},
    }
    torch.save(dict(state_dict=state), source)
    out = tmp_path / 'out.pth'
    run_tool(TOOL, source, out, '--part', 'teacher', '--config', config(name))
    weights, meta = read_checkpoint(str(out))
    assert {key.split('.')[0] for key in weights} == {'teacher'}
    assert len(meta['dataset_meta']['palette']) == 19
    model = load(config(name, **{'model.predict_with': 'teacher'}), out)
    check_predictions(model.teacher, arrays)
    with pytest.raises(ValueError, match='set model.predict_with=teacher'):
        load(config(name), out)


def test_plain_segmentor(public, config, run_tool, tmp_path):
    name = 'hrda_model_tiny'
    source, arrays = public(name)
    state = torch.load(source)['state_dict']
    state = {k.removeprefix('model.'): v for k, v in state.items()}
    torch.save(dict(state_dict=state), source)
    out = tmp_path / 'out.pth'
    path = config(name)
    run_tool(TOOL, source, out, '--config', path)
    check_predictions(load(path, out).student, arrays)


def test_command_is_printed(public, config, run_tool, tmp_path, capsys):
    name = 'model_tiny_mit_daformer'
    source, _ = public(name, 'ema_model')
    path, out = config(name), tmp_path / 'out.pth'
    run_tool(TOOL, source, out, '--config', path)
    printed = capsys.readouterr().out
    assert 'mmseg-balance test ' in printed and f'config.py {out}' in printed
    assert 'model.predict_with=teacher' in printed.splitlines()[-1]
    run_tool(
        TOOL, source, out, '--force', '--config', path, '--part', 'teacher'
    )
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith(f'{out} --cfg-options model.predict_with=teacher')


def test_command_evaluates(
    tiny_config, street_data, run_tool, tmp_path, capsys
):
    """From the public layout to a score, by the command that is printed."""
    cfg = Config.fromfile(tiny_config())
    name = 'model_tiny_mit_daformer'
    segmentor = Config(dict(model=NETWORKS[name])).model
    segmentor.decode_head.num_classes = 3
    segmentor.update(
        data_preprocessor=cfg.model.data_preprocessor,
        test_cfg=cfg.model.test_cfg,
    )
    cfg.model = dict(type='SourceOnly', segmentor=segmentor)
    cfg.dump(tmp_path / 'eval.py')
    weights, _ = load_vector(name)
    for key in ('conv_seg.weight', 'conv_seg.bias'):
        weights[f'decode_head.{key}'] = weights[f'decode_head.{key}'][:3]
    names = ('sky', 'road', 'car')
    torch.save(
        dict(
            state_dict={f'model.{k}': v for k, v in weights.items()},
            meta=dict(CLASSES=names),
        ),
        tmp_path / 'public.pth',
    )
    out = tmp_path / 'out.pth'
    run_tool(
        TOOL, tmp_path / 'public.pth', out, '--config', tmp_path / 'eval.py'
    )
    command = capsys.readouterr().out.splitlines()[-1].split()
    assert command[:2] == ['mmseg-balance', 'test']
    run_tool('test.py', *command[2:], '--work-dir', tmp_path / 'scores')
    assert capsys.readouterr().out.splitlines()[-1].startswith('scores: ')


def test_nothing_is_lost(public, config, run_tool, tmp_path):
    name = 'model_tiny_mit_daformer'
    source, _ = public(name)
    before = source.read_bytes()
    out = tmp_path / 'out.pth'
    out.write_text('mine')
    with pytest.raises(SystemExit, match='out.pth exists.*--force'):
        run_tool(TOOL, source, out)
    assert out.read_text() == 'mine'
    for options in ([], ['--force']):
        with pytest.raises(SystemExit, match='is the original'):
            run_tool(TOOL, source, source, *options)
    with pytest.raises(SystemExit, match='is a folder'):
        run_tool(TOOL, source, tmp_path)
    assert source.read_bytes() == before
    run_tool(TOOL, source, out, '--force')
    assert (
        'student.backbone.layers.0.0.norm.bias'
        in torch.load(out)['state_dict']
    )
    with pytest.raises(SystemExit, match='needs no conversion'):
        run_tool(TOOL, out, tmp_path / 'again.pth')


def test_mistakes_are_one_line(public, run_tool, tmp_path):
    source, _ = public('model_tiny_mit_daformer')
    out = tmp_path / 'out.pth'
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(source.read_bytes()[:5000])
    for args, words in (
        ((tmp_path / 'no.pth', out), 'no checkpoint file'),
        ((broken, out), 'no complete checkpoint'),
        ((source, out, '--part', 'teacher'), 'has no teacher'),
        ((source, out, '--config', 'no.py'), 'no config file no.py'),
    ):
        with pytest.raises(SystemExit) as error:
            run_tool(TOOL, *args)
        message = str(error.value)
        assert message.startswith('error: ') and words in message
        assert len(message.splitlines()) == 1
    assert not out.exists()


def test_imagenet_file(public, run_tool, tmp_path, capsys):
    name = 'model_tiny_mit_daformer'
    weights, arrays = load_vector(name)
    backbone = {
        k.removeprefix('backbone.'): v
        for k, v in weights.items()
        if k.startswith('backbone.')
    }
    source, out = tmp_path / 'mit.pth', tmp_path / 'out.pth'
    torch.save(backbone | {'head.bias': torch.rand(1000)}, source)
    run_tool(TOOL, source, out)
    printed = capsys.readouterr().out
    assert "init_cfg=dict(type='Pretrained'" in printed
    assert '1 keys, the ImageNet classifier' in printed
    from mmseg.registry import MODELS

    for file in (source, out):
        init = dict(type='Pretrained', checkpoint=str(file))
        model = MODELS.build(dict(mit(8, 2), init_cfg=init)).eval()
        model.init_weights()
        with torch.no_grad():
            features = model(arrays['img'])
        for i, feature in enumerate(features):
            torch.testing.assert_close(feature, arrays[f'feat{i}'], **CLOSE)
    with pytest.raises(SystemExit, match='drop --part student'):
        run_tool(TOOL, source, out, '--force', '--part', 'student')
