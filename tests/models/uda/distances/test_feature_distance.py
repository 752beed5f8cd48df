"""Feature distance against the public code and direct loops."""

import copy
from types import SimpleNamespace

import pytest
import torch
from helpers.reference import reference
from mmengine.optim import OptimWrapper

from mmseg_balance.models.backbones import TimmViTPyramid
from mmseg_balance.models.uda.distances.feature_distance import (
    FeatureDistance,
    cell_labels,
    masked_distance,
)


@pytest.fixture(scope='module')
def arrays():
    return reference('dacs')


@pytest.mark.parametrize('scale', [8, 16, 32])
@pytest.mark.parametrize('ratio', [50, 75])
def test_cell_labels_agree_with_the_public_code(arrays, scale, ratio):
    labels = arrays['ds_gt'].squeeze(1)
    expected = arrays[f'ds_out_scale{scale}_minratio{ratio}'].squeeze(1)
    size = expected.shape[1:]
    assert torch.equal(
        cell_labels(labels, size, 19, 255, ratio / 100), expected
    )
    assert (expected == 255).any()
    assert (expected != 255).any() or (scale, ratio) == (32, 75)


def test_cells_that_do_not_divide_reach_over_the_margin():
    labels = torch.zeros(1, 10, 7, dtype=torch.int64)
    labels[:, 8:] = 3
    # cells of 4 x 4 pixels; those at the margins have 8, 12 or fewer inside
    expected = torch.tensor([[[0, 0], [0, 0], [255, 255]]])
    assert torch.equal(cell_labels(labels, (3, 2), 4, 255, 0.7), expected)
    loose = cell_labels(labels, (3, 2), 4, 255, 0.5)
    assert loose[0, 2].tolist() == [3, 255]  # 8 of 16 against 6 of 16


def test_masked_distance_agrees_with_the_public_code(arrays):
    mask = arrays['fd_mask'].squeeze(1).bool()
    first, second = arrays['fd_f1'], arrays['fd_f2']
    everywhere = torch.ones_like(mask)
    torch.testing.assert_close(
        masked_distance(first, second, mask), arrays['fd_masked']
    )
    torch.testing.assert_close(
        masked_distance(first, second, everywhere), arrays['fd_nomask']
    )


class Level(torch.nn.Module):
    """A backbone that returns what it is told."""

    def __init__(self, features):
        super().__init__()
        self.features = features

    def forward(self, images):
        return (None, self.features)


def test_loss_and_gradient_agree_with_the_public_code(arrays, build):
    model = build()
    distance = FeatureDistance(arrays['fdfull_classes'].tolist())
    distance.num_classes, distance.ignore_index = 19, 255
    distance.backbone = Level(arrays['fdfull_feat_imnet'])
    own = arrays['fdfull_feat_student'].clone().requires_grad_()
    labels = arrays['fdfull_gt'].squeeze(1)
    loss = distance(
        model.student, (None, own), torch.zeros(2, 3, 1, 1), labels
    )
    loss.backward()
    torch.testing.assert_close(loss, arrays['fdfull_loss'])
    torch.testing.assert_close(own.grad, arrays['fdfull_grad'])
    assert own.grad.abs().sum() > 0


def test_without_thing_cells_it_is_exactly_zero():
    first = torch.randn(1, 4, 3, 3, requires_grad=True)
    mask = torch.zeros(1, 3, 3, dtype=torch.bool)
    loss = masked_distance(first, torch.randn(1, 4, 3, 3), mask)
    loss.backward()
    assert loss == 0
    assert (first.grad == 0).all()


def test_equal_features_have_a_finite_gradient():
    first = torch.randn(1, 4, 2, 2, requires_grad=True)
    mask = torch.ones(1, 2, 2, dtype=torch.bool)
    masked_distance(first, first.detach(), mask).backward()
    assert (first.grad == 0).all()


THINGS = dict(classes=[1, 2], min_ratio=0.5)


def test_the_copy_keeps_the_initial_weights(build, batch):
    model = build('DAFormer', feature_distance=THINGS)
    model.init_weights()
    frozen = model.objectives[0].feature_distance.backbone
    initial = copy.deepcopy(model.student.backbone.state_dict())
    wrapper = _sgd(model)
    for seed in range(3):
        model.train()
        logs = model.train_step(batch(seed=seed), wrapper)
        model.update_teacher(seed + 1)
    assert logs['src.loss_feature_distance'] > 0
    assert not frozen.training
    for name, value in frozen.state_dict().items():
        assert torch.equal(value, initial[name]), name
    moved = model.student.backbone.state_dict()
    assert not torch.equal(
        moved['layers.0.weight'], initial['layers.0.weight']
    )
    assert not any(p.requires_grad for p in frozen.parameters())
    state = model.state_dict()
    assert any('feature_distance.backbone' in key for key in state)


def test_a_checkpoint_may_lack_the_copy_but_not_a_part_of_it(build):
    model = build('DAFormer', feature_distance=THINGS)
    whole = model.state_dict()
    copied = [k for k in whole if 'feature_distance' in k]
    without = {k: v for k, v in whole.items() if k not in copied}
    assert not model.load_state_dict(without, strict=False).missing_keys
    del whole[copied[0]]
    result = model.load_state_dict(whole, strict=False)
    assert result.missing_keys == [copied[0]]


def test_it_is_added_to_the_source_loss(build, batch):
    torch.manual_seed(0)
    model = build('DAFormer', feature_distance=dict(THINGS, loss_weight=0.1))
    logs = model.train_step(batch(), _sgd(model))
    total = (
        logs['src.decode.loss_ce']
        + logs['src.loss_feature_distance']
        + logs['mix.decode.loss_ce']
    )
    assert logs['loss'] == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(classes=[]), 'at least one'),
        (dict(classes=['car']), "'car'"),
        (dict(classes=3), 'got 3'),
        (dict(classes=[1, -1]), '-1'),
        (dict(classes=[1], min_ratio=1.5), 'min_ratio'),
        (dict(classes=[1], loss_weight=-1), 'loss_weight'),
        (dict(classes=[1, 4]), 'num_classes=4'),
    ],
)
def test_bad_settings_are_named(build, settings, words):
    with pytest.raises(ValueError, match=words):
        build('DAFormer', feature_distance=settings)


def test_maps_of_a_pyramid_at_random_are_no_features():
    """They are none of ImageNet; the tokens of the transformer are."""

    def student(channels):
        backbone = TimmViTPyramid(
            'vit_small_patch14_dinov2',
            **dict(embed_dim=24, depth=1, num_heads=3, img_size=56),
            out_channels=channels,
        )
        head = SimpleNamespace(num_classes=3, ignore_index=255)
        return SimpleNamespace(
            backbone=backbone, decode_head=head, with_neck=False
        )

    distance = FeatureDistance([1])
    with pytest.raises(
        ValueError, match='TimmViTPyramid.*at random: set feature_distance'
    ):
        distance.attach(student(8))
    plain = student(None)
    distance.attach(plain)
    assert distance.backbone is not plain.backbone


def test_a_neck_is_refused(build, segmentor):
    neck = dict(type='FPN', in_channels=[8], out_channels=8, num_outs=1)
    with pytest.raises(ValueError, match='neck'):
        build(
            'DAFormer',
            segmentor=segmentor(neck=neck),
            feature_distance=THINGS,
        )


def test_distance_is_the_mean_over_the_cells_of_the_mask():
    first = torch.zeros(1, 2, 2, 2)
    second = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1).expand(1, 2, 2, 2)
    mask = torch.tensor([[[True, True], [False, False]]])
    assert masked_distance(first, second, mask) == 5
    assert masked_distance(first, second, torch.zeros_like(mask)) == 0


def test_other_missing_keys_are_still_named(build):
    """Of a checkpoint without the copy, without norms' counters or more."""
    model = build('DAFormer', feature_distance=THINGS)
    whole = model.state_dict()
    for lost in ('student.decode_head.conv_seg.bias', 'student.backbone'):
        state = {
            k: v
            for k, v in whole.items()
            if 'feature_distance' not in k and not k.startswith(lost)
        }
        missing = model.load_state_dict(state, strict=False).missing_keys
        assert missing and all(key.startswith(lost) for key in missing)


def test_a_copy_without_counters_is_filled_in(build):
    model = build('DAFormer', feature_distance=THINGS)
    old = {k: v for k, v in model.state_dict().items() if '_tracked' not in k}
    lost = [k for k in old if 'feature_distance' in k][0]
    missing = model.load_state_dict(old, strict=False).missing_keys
    assert not [k for k in missing if '_tracked' not in k]
    del old[lost]
    missing = model.load_state_dict(old, strict=False).missing_keys
    assert [k for k in missing if '_tracked' not in k] == [lost]


@pytest.mark.parametrize('size', [(8, 12), (10, 11)])
@pytest.mark.parametrize('ratio', [0.25, 0.5, 0.75, 1.0])
def test_cell_labels_by_counting(size, ratio):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (2, *size), generator=generator)
    labels[:, 1::4][labels[:, 1::4] == 1] = 9
    labels[0, :4, :4] = 2
    labels[1, :2, :4] = 1
    labels[1, 2:4, :4] = 0
    labels[1, 4:8, :4] = 9
    rows, columns = -(-size[0] // 4), -(-size[1] // 4)
    found = cell_labels(labels, (rows, columns), 3, 9, ratio)
    assert found.shape == (2, rows, columns)
    for image in range(2):
        for row in range(rows):
            for column in range(columns):
                y, x = 4 * row, 4 * column
                cell = labels[image, y : y + 4, x : x + 4].flatten().tolist()
                counts = [cell.count(label) for label in range(3)]
                ignored = 16 - sum(counts)  # and outside
                best = max(counts)
                known = best >= ignored and best / 16 >= ratio
                expected = counts.index(best) if known else 9
                assert found[image, row, column] == expected


@pytest.mark.parametrize('settings', [{}, dict(loss_weight=2, min_ratio=0.5)])
def test_loss_by_hand(build, settings):
    distance = FeatureDistance([1, 3], **settings)
    distance.num_classes, distance.ignore_index = 4, 255
    frozen = torch.randn(1, 5, 2, 2)
    distance.backbone = Level(frozen)
    own = torch.randn(1, 5, 2, 2)
    labels = torch.zeros(1, 4, 4, dtype=torch.int64)
    labels[0, :2, :2] = 1  # all of it, three and two quarters, none
    labels[0, :2, 2:] = torch.tensor([[3, 3], [3, 0]])
    labels[0, 2:, :2] = torch.tensor([[1, 1], [2, 255]])
    cells = [(0, 0), (0, 1)]
    if settings:
        cells.append((1, 0))
    lengths = [(own - frozen)[0, :, y, x].norm() for y, x in cells]
    expected = (2 if settings else 0.005) * sum(lengths) / len(cells)
    loss = distance(build().student, (None, own), torch.zeros(1), labels)
    torch.testing.assert_close(loss, expected)


def test_the_ends_of_the_ranges_are_taken():
    for settings in (dict(loss_weight=0, min_ratio=0), dict(min_ratio=1)):
        distance = FeatureDistance((0,), **settings)
        for name, value in settings.items():
            assert getattr(distance, name) == value


def test_distance_is_in_float32_under_autocast():
    first, second = torch.randn(2, 1, 4, 3, 3)
    mask = torch.ones(1, 3, 3, dtype=torch.bool)
    expected = masked_distance(first, second, mask)
    with torch.autocast('cpu', torch.bfloat16):
        assert masked_distance(first, second, mask) == expected


def _sgd(model):
    parameters = model.trainable.parameters()
    return OptimWrapper(torch.optim.SGD(parameters, 0.05))
