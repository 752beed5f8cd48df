"""Less is kept for the backward pass, and gradients stay."""

import copy

import pytest
import torch
from helpers.tiny_networks import tiny_fused_mit
from mmengine.optim import OptimWrapper

MIT = tiny_fused_mit(drop_path_rate=0.2)
RESNET = dict(
    type='ResNetV1c',
    depth=18,
    stem_channels=8,
    base_channels=8,
    num_stages=2,
    strides=(1, 2),
    dilations=(1, 1),
    out_indices=(0, 1),
    norm_cfg=dict(type='BN'),
    norm_eval=False,
)


class Saved(torch.autograd.graph.saved_tensors_hooks):
    """Bytes that autograd keeps, each storage counted once."""

    def __init__(self):
        self.storages = {}
        super().__init__(self.keep, lambda tensor: tensor)

    def keep(self, tensor):
        tensor = tensor.detach()
        storage = tensor.untyped_storage()
        self.storages[storage._cdata] = storage.nbytes(), tensor
        return tensor

    def take(self):
        total = sum(size for size, _ in self.storages.values())
        self.storages.clear()
        return total


@pytest.mark.parametrize('backbone', [MIT, RESNET], ids=['mit', 'resnet'])
def test_a_daformer_step(build, batch, segmentor, backbone):
    cfg = segmentor(dict(type='BLDALoss', num_classes=4))
    cfg['decode_head'].update(in_channels=16, in_index=-1)
    gradients, kept = [], []
    for with_cp in (False, True):
        own = copy.deepcopy(cfg)
        own['backbone'] = dict(backbone, with_cp=with_cp)
        torch.manual_seed(3)
        model = build(
            'DAFormer',
            segmentor=own,
            feature_distance=dict(classes=[1]),
            density_estimation={},
        )
        wrapper = OptimWrapper(
            torch.optim.SGD(model.trainable.parameters(), 0.0)
        )
        wrapper.zero_grad = lambda: None
        saved, backward = Saved(), wrapper.backward

        def noted(loss, saved=saved, backward=backward):
            kept[-1].append(saved.take())
            backward(loss)
            saved.take()  # by what is computed again

        wrapper.backward = noted
        kept.append([])
        torch.manual_seed(4)
        with saved:
            model.train_step(batch(), wrapper)
        gradients.append(
            {k: p.grad for k, p in model.student.named_parameters()}
        )
    assert len(kept[0]) == len(kept[1]) == 2  # source and mixed images
    for without, with_cp in zip(*kept, strict=True):
        assert with_cp < 0.8 * without
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)
    assert any(g.abs().sum() > 0 for g in gradients[0].values())
