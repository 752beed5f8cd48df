"""Whole iterations of EDAPS against those of the public code."""

import pytest
import torch
from helpers.paths import ROOT
from helpers.public_students import by_public_name, state_by_rule
from helpers.reference import reference, whole_files
from mmengine.config import Config, ConfigDict
from mmengine.optim import build_optim_wrapper
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.models.uda.objectives import class_mixed

BN = dict(type='BN', requires_grad=True)
MLP = dict(type='mlp', act_cfg=None, norm_cfg=None)
SIZE = (64, 96)
ALL = dict(sampler=dict(num=10**6))  # boxes are sampled
SEGMENTOR = dict(
    type='PanopticEncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', size=SIZE),
    backbone=dict(
        type='FusedMixVisionTransformer',
        embed_dims=8,
        num_layers=[1] * 4,
        num_heads=[1, 2, 3, 4],
        mlp_ratio=2,
        qkv_bias=True,
        drop_path_rate=0.0,
    ),
    decode_head=dict(
        type='DAFormerHead',
        in_channels=[8, 16, 24, 32],
        in_index=[0, 1, 2, 3],
        channels=8,
        dropout_ratio=0.0,
        num_classes=19,
        norm_cfg=BN,
        align_corners=False,
        decoder_params=dict(
            embed_dims=8,
            embed_cfg=MLP,
            embed_neck_cfg=MLP,
            fusion_cfg=dict(
                type='aspp',
                sep=True,
                dilations=(1, 6, 12, 18),
                pool=False,
                act_cfg=dict(type='ReLU'),
                norm_cfg=BN,
            ),
        ),
        loss_decode=dict(type='CrossEntropyLoss'),
    ),
    instance_head=dict(
        type='MaskRCNNHead',
        in_channels=[8, 16, 24, 32],
        channels=8,
        fc_channels=16,
        train_cfg=dict(rpn=ALL, rpn_proposal=dict(max_per_img=30), rcnn=ALL),
        skip_without_instances=True,
    ),
    things=list(range(11, 19)),
    test_cfg=dict(mode='whole'),
)
LOSSES = {
    'decode.loss_seg': 'src.decode.loss_ce',
    'decode.acc_seg': 'src.decode.acc_seg',
    'rpn.loss_rpn_cls': 'src.instance.loss_rpn_cls',
    'rpn.loss_rpn_bbox': 'src.instance.loss_rpn_bbox',
    'roi.loss_cls': 'src.instance.loss_cls',
    'roi.loss_bbox': 'src.instance.loss_bbox',
    'roi.loss_mask': 'src.instance.loss_mask',
    'roi.acc': 'src.instance.acc',
    'src.loss_imnet_feat_dist': 'src.loss_feature_distance',
    'mix.decode.loss_seg': 'mix.decode.loss_ce',
    'mix.decode.acc_seg': 'mix.decode.acc_seg',
}


@pytest.fixture(
    scope='module',
    params=[*whole_files('panoptic/uda_step_a')],
)
def arrays(request):
    return reference(request.param)


def close(found, expected, tolerance=1e-4):
    scale = min(1, float(expected.abs().max()))
    torch.testing.assert_close(
        found.to(expected.dtype),
        expected,
        rtol=tolerance,
        atol=tolerance * scale,
    )


def batch_of(arrays, iteration):
    """Data of an iteration, as ``UDADataset`` gives it."""
    it = f'it{iteration}_'
    images = arrays[f'{it}img'].float()
    target = arrays[f'{it}target_img'].float()
    samples = []
    for b, labels in enumerate(arrays[f'{it}gt_semantic']):
        sample = SegDataSample(metainfo=dict(img_shape=SIZE))
        sample.gt_sem_seg = PixelData(data=labels.long())
        sample.gt_instances = InstanceData(
            bboxes=arrays[f'{it}gt_bboxes_{b}'].float(),
            labels=arrays[f'{it}gt_labels_{b}'].long(),
            masks=arrays[f'{it}gt_masks_{b}'].bool(),
        )
        samples.append(sample)
    unlabelled = [SegDataSample(metainfo=dict(img_shape=SIZE)) for _ in target]
    return dict(
        source=dict(inputs=list(images), data_samples=samples),
        target=dict(inputs=list(target), data_samples=unlabelled),
    )


def by_rule(model):
    """Load the parameters of the reference run."""
    student = model.student
    student.load_state_dict(state_by_rule(student, 'model.'))
    model.copy_student()
    own = dict(model.teacher.named_buffers())
    found = state_by_rule(model.teacher, 'ema.')
    missing = model.teacher.load_state_dict(
        {k: v for k, v in found.items() if k in own}, strict=False
    )
    assert not missing.unexpected_keys
    frozen = state_by_rule(student, 'imnet.')
    part = 'backbone.'
    model.objectives[0].feature_distance.backbone.load_state_dict(
        {
            k.removeprefix(part): v
            for k, v in frozen.items()
            if k.startswith(part)
        }
    )
    return model.train()


@pytest.fixture
def model():
    """Student, teacher and frozen network of the reference run."""
    pytest.importorskip('mmdet')
    settings = dict(
        feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
        pseudo_threshold=0.1,
        ignore_top=15,
        ignore_bottom=12,
        augmentation=None,
    )
    cfg = dict(type='EDAPS', segmentor=SEGMENTOR, **settings)
    return by_rule(MODELS.build(ConfigDict(cfg)))


@pytest.fixture
def optimizer(model):
    """Of the published schedule, whose rate stays what it is."""
    name = 'configs/_base_/schedules/adamw_40k_panoptic.py'
    cfg = Config.fromfile(ROOT / name)
    return build_optim_wrapper(model, cfg.optim_wrapper)


def noted_in(model, monkeypatch):
    """What is on the way from the teacher to the mixed images."""
    noted, mixed = {}, model.objectives[1]
    label, make = model.teacher_logits, mixed.training_batch
    monkeypatch.setattr(
        model,
        'teacher_logits',
        lambda images: noted.setdefault('logits', label(images)),
    )
    monkeypatch.setattr(
        mixed,
        'training_batch',
        lambda step: noted.setdefault('mixed', make(step)),
    )
    return noted


def norms(named):
    return {k: v.double().norm() for k, v in by_public_name(named).items()}


def compare_norms(named, names, expected):
    found = norms(named)
    close(torch.stack([found[name] for name in names]), expected.double())


def check_log(logs, arrays, it):
    """Losses, and that there are no others."""
    public = dict(zip(arrays[f'{it}log_names'], arrays[f'{it}log_values']))
    public.pop('loss')  # of the mixed images, once more
    for name in [name for name in public if 'acc' in name]:
        public.pop(name)  # ignored pixels count there
    for name, value in public.items():
        assert logs[LOSSES[name]] == pytest.approx(float(value), rel=1e-4)
    own = {k for k in logs if 'loss' in k and k != 'loss'}
    assert own == {LOSSES[name] for name in public}


def check_gradients(gradients, arrays, it):
    """Of the student, and which parameters have none."""
    whole = dict(zip(arrays['param_names'], arrays[f'{it}f64_grad_norm']))
    has = dict(zip(arrays['param_names'], arrays[f'{it}has_grad']))
    found = norms(gradients)
    names = [str(name) for name in arrays['student_param_names']]
    expected = [n for n in names if has[f'model.{n}']]
    assert [n for n in names if n in found] == expected
    scale = max(found.values())
    for name in expected:
        public = float(whole[f'model.{name}'])
        assert float(found[name]) == pytest.approx(
            public, rel=1e-4, abs=1e-6 * float(scale)
        ), name


def test_two_iterations_agree_with_the_public_code(
    arrays, model, optimizer, monkeypatch
):
    names = [str(name) for name in arrays['student_param_names']]
    trained = dict(model.student.named_parameters())
    assert set(by_public_name(trained)) == set(names)
    bn = 'decode_head.fuse_layer.bottleneck.bn'
    for iteration in (0, 1):
        it = f'it{iteration}_'
        noted = noted_in(model, monkeypatch)
        mask = arrays[f'{it}mix_mask'][:, 0] > 0
        monkeypatch.setattr(class_mixed, 'draw_mix_masks', lambda _: mask)
        gradients = {}
        monkeypatch.setattr(
            optimizer,
            'zero_grad',
            lambda: gradients.update(
                (k, p.grad.clone())
                for k, p in trained.items()
                if p.grad is not None
            ),
        )
        logs = model.train_step(batch_of(arrays, iteration), optimizer)
        optimizer.optimizer.zero_grad()
        monkeypatch.undo()

        close(
            noted['logits'][:, :4, ::4, ::4],
            arrays[f'{it}ema_logits_first4ch'],
        )
        mixed = noted['mixed']
        labels = arrays[f'{it}mixed_lbl'][:, 0].long()
        assert torch.equal(mixed.labels, labels)
        close(mixed.weight, arrays[f'{it}pseudo_weight'])
        close(mixed.images.abs().sum(), arrays[f'{it}mixed_img_abs_sum'])
        check_log(logs, arrays, it)
        check_gradients(gradients, arrays, it)
        own = dict(model.student.named_parameters())
        compare_norms(own, names, arrays[f'{it}student_param_norm'])
        own = dict(model.teacher.named_parameters())
        compare_norms(own, names, arrays[f'{it}ema_param_norm'])
        model.update_teacher(iteration + 1)
    for part, module in dict(student=model.student, ema=model.teacher).items():
        mean = module.get_submodule(bn).running_mean
        close(mean, arrays[f'it1_{part}_bn_running_mean'])
        # kept by reference there, so this one, too, is that of the end
        close(mean, arrays[f'it0_{part}_bn_running_mean'])


def test_rates_and_decays_are_those_of_the_public_code(
    arrays, model, optimizer
):
    options = {
        id(p): (group['lr'], group['weight_decay'])
        for group in optimizer.optimizer.param_groups
        for p in group['params']
    }
    parameters = dict(model.student.named_parameters())
    assert len(options) == len(parameters)
    for column, name in enumerate(('param_lr', 'param_weight_decay')):
        found = by_public_name(
            {
                k: torch.full_like(p, options[id(p)][column])
                for k, p in parameters.items()
            }
        )
        public = dict(zip(arrays['param_names'], arrays[name]))
        for key, value in found.items():
            expected = float(public[f'model.{key}'])
            assert float(value.flatten()[0]) == pytest.approx(expected), key
