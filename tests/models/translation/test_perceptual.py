"""Eq. 7, and the network that it looks through."""

import numpy as np
import pytest
import torch
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS

from mmseg_balance.models.translation.frozen_segmentor import (
    FrozenSegmentor,
    Renormalisation,
)
from mmseg_balance.models.translation.perceptual import (
    l1_distance,
    normalised_distance,
    perceptual_losses,
)

MEAN, STD = [123.0, 116.0, 103.0], [58.0, 57.0, 56.0]


def translators():
    return SegDataPreProcessor(
        mean=[127.5] * 3, std=[127.5] * 3, bgr_to_rgb=True
    )


def segmentor(**changes):
    return dict(
        type=changes.pop('type', 'EncoderDecoder'),
        data_preprocessor=dict(
            type='SegDataPreProcessor', mean=MEAN, std=STD, bgr_to_rgb=False
        ),
        backbone=tiny_mit(),
        decode_head=tiny_segformer_head(dropout_ratio=0.5),
        test_cfg=dict(mode='whole'),
        **changes,
    )


def test_distances_are_means_over_pixels_and_classes():
    torch.manual_seed(0)
    a, b = torch.randn(2, 2, 3, 4, 5, dtype=torch.float64).unbind()
    total = sum(abs(float(x - y)) for x, y in zip(a.flatten(), b.flatten()))
    assert float(l1_distance(a, b)) == pytest.approx(total / a.numel())
    planes = []
    for x in (a.numpy(), b.numpy()):
        mean = x.mean((2, 3), keepdims=True)
        var = x.var((2, 3), keepdims=True)
        planes.append((x - mean) / np.sqrt(var + 1e-5))
    wanted = ((planes[0] - planes[1]) ** 2).mean()
    assert float(normalised_distance(a, b)) == pytest.approx(wanted)


def test_both_terms_have_their_weights():
    image, translated, back = torch.randn(3, 1, 2, 3, 3).unbind()
    losses = perceptual_losses(image, translated, back, 0.1, 10.0)
    assert losses['loss_ppl'] == 0.1 * l1_distance(translated, image)
    assert losses['loss_ppl_recon'] == 10.0 * l1_distance(back, image)


@pytest.mark.parametrize('swaps', [False, True])
def test_images_are_normalised_anew(swaps):
    theirs = SegDataPreProcessor(mean=MEAN, std=STD, bgr_to_rgb=swaps)
    files = torch.randint(256, (3, 4, 5)).byte()
    shown, wanted = (
        p(dict(inputs=[files], data_samples=None))['inputs']
        for p in (translators(), theirs)
    )
    found = Renormalisation(translators(), theirs)(shown)
    torch.testing.assert_close(found, wanted, rtol=0, atol=2e-6)


def saved(path, prefix=''):
    torch.manual_seed(1)
    network = MODELS.build(segmentor())
    torch.save(
        dict(
            state_dict={
                f'{prefix}{k}': v for k, v in network.state_dict().items()
            }
        ),
        path,
    )
    return network.eval()


@pytest.mark.parametrize('prefix', ['', 'teacher.'])
def test_logits_are_those_of_the_checkpoint(tmp_path, prefix):
    path = tmp_path / 'a.pth'
    init_cfg = dict(type='Pretrained', checkpoint=str(path), prefix=prefix)
    before = torch.random.get_rng_state()
    frozen = FrozenSegmentor(segmentor(init_cfg=init_cfg), translators())
    assert torch.equal(torch.random.get_rng_state(), before)
    with pytest.raises(RuntimeError, match='not loaded: call init_weights'):
        frozen(torch.zeros(1, 3, 32, 32))
    network = saved(path, prefix)
    if prefix:
        frozen.load()
    else:  # read when it is built
        frozen = FrozenSegmentor(segmentor(init_cfg=init_cfg), translators())
    frozen.train()  # stays as it is: the head has dropout
    files = torch.randint(256, (1, 3, 32, 32)).byte()
    batch = dict(inputs=[files[0]], data_samples=None)
    inputs = network.data_preprocessor(batch)['inputs']
    head = network.decode_head
    wanted = head.forward(network.extract_feat(inputs))
    shown = translators()(batch)['inputs'].requires_grad_()
    found = frozen(shown)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4)
    found.sum().backward()
    assert shown.grad.abs().sum() > 0
    assert not list(frozen.parameters()) and not frozen.state_dict()
    assert frozen.double()(shown.double()).dtype == torch.float64


def test_weights_have_to_be_there_and_to_fit(tmp_path):
    with pytest.raises(ValueError, match=r'segmentation names no weights'):
        FrozenSegmentor(segmentor(), translators()).load()
    given = dict(config='a.py', checkpoint='a.pth')
    with pytest.raises(ValueError, match='which mmseg-balance train reads'):
        FrozenSegmentor(given, translators()).load()
    cascade = segmentor(type='CascadeEncoderDecoder', num_stages=1)
    cascade['decode_head'] = [cascade['decode_head']]
    with pytest.raises(ValueError, match=r'^model.segmentation: Expected'):
        FrozenSegmentor(cascade, translators())
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict={'student.x': torch.zeros(1)}), path)
    init_cfg = dict(type='Pretrained', checkpoint=str(path))
    with pytest.raises(ValueError, match="a.pth does not fit.*'backbone"):
        FrozenSegmentor(segmentor(init_cfg=init_cfg), translators())
