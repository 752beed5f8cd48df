"""The divergence of attention against the public code, and its cost."""

import weakref

import numpy as np
import pytest
import torch
from helpers.reference import corner, reference, whole_files
from torch.nn import functional as F

from mmseg_balance.models.backbones import AttentionRecord
from mmseg_balance.models.uda.distances.attention_consistency import (
    attention_divergence,
    attention_logits,
    map_divergence,
    token_mask,
)

GRIDS = [((8, 8), (4, 4)), ((8, 8), (4, 4)), ((4, 4), (4, 4)), ((2, 2),) * 2]


@pytest.fixture(
    scope='module', params=['cdac_attn_loss', *whole_files('cdac_attn_loss')]
)
def arrays(request):
    return reference(request.param)


def block_loss(arrays, level, logits, same):
    """The loss of one block of the public network, from its maps."""
    mask = arrays['mix_mask'][:, 0] > 0
    query_grid, key_grid = GRIDS[level]
    return map_divergence(
        logits.log_softmax(-1),
        arrays[f'src_attn{level}'],
        arrays[f'tgt_attn{level}'],
        token_mask(mask, query_grid),
        token_mask(mask, key_grid) if same else None,
    )


@pytest.mark.parametrize('same', [True, False])
def test_loss_and_gradient_agree_with_the_public_code(arrays, same):
    logits = [
        arrays[f'mix_attn_logits{i}'].clone().requires_grad_()
        for i in range(4)
    ]
    losses = torch.stack(
        [block_loss(arrays, i, own, same) for i, own in enumerate(logits)]
    )
    name = f'valid{int(same)}_lambda1'
    torch.testing.assert_close(
        losses, arrays[f'{name}_loss_per_layer'], rtol=1e-5, atol=1e-6
    )
    loss = losses.mean()
    torch.testing.assert_close(
        loss, arrays[f'{name}_loss'], rtol=1e-5, atol=1e-6
    )
    loss.backward()
    for i, own in enumerate(logits):
        expected = arrays[f'{name}_grad_mix_logits{i}']
        torch.testing.assert_close(
            corner(own.grad, expected), expected, rtol=1e-4, atol=1e-7
        )


@pytest.mark.parametrize('same', [True, False])
def test_an_underflow_is_finite_where_the_public_code_is_not(arrays, same):
    assert arrays[f'underflow_valid{int(same)}_loss'].isinf()
    logits = arrays['mix_attn_logits0'].clone()
    logits[0, 0, 0, 0] = -200
    logits.requires_grad_()
    assert logits.softmax(-1)[0, 0, 0, 0] == 0
    loss = block_loss(arrays, 0, logits, same)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def record(n, heads, query_grid, key_grid, width=8, scale=1.0):
    queries, keys = (
        scale * torch.randn(n, heads, grid[0] * grid[1], width)
        for grid in (query_grid, key_grid)
    )
    return AttentionRecord(queries, keys, query_grid, key_grid)


SHAPES = [(1, (6, 10), (3, 5)), (2, (6, 10), (3, 5)), (4, (3, 5), (3, 5))]


def make_records():
    """Attention of mixed, source and target images to 24 x 40 pixels."""
    own, source, target = (
        [record(2, *shape, scale=1.5) for shape in SHAPES] for _ in range(3)
    )
    for one in own:
        one.queries.requires_grad_()
        one.keys.requires_grad_()
    mask = torch.rand(2, 6, 10).gt(0.5)
    mask = mask.repeat_interleave(4, 1).repeat_interleave(4, 2)
    return own, source, target, mask


def divergence_of_maps(own, source, target, mask, same):
    """By whole maps, and autograd."""
    losses = []
    for records in zip(own, source, target):
        student, first, second = (
            attention_logits(r.queries, r.keys) for r in records
        )
        losses.append(
            map_divergence(
                student.log_softmax(-1),
                first.softmax(-1),
                second.softmax(-1),
                token_mask(mask, records[0].query_grid),
                token_mask(mask, records[0].key_grid) if same else None,
            )
        )
    return torch.stack(losses).mean()


@pytest.mark.parametrize('same', [True, False])
def test_records_give_what_maps_give_and_its_gradient(same):
    own, source, target, mask = make_records()
    results = []
    for function in (divergence_of_maps, attention_divergence):
        for one in own:
            one.queries.grad = one.keys.grad = None
        loss = function(own, source, target, mask, same)
        (3 * loss).backward()
        gradients = [(one.queries.grad, one.keys.grad) for one in own]
        results.append((loss, gradients))
    torch.testing.assert_close(*[loss for loss, _ in results])
    torch.testing.assert_close(*[grads for _, grads in results])
    assert results[0][0] > 0.01


def test_a_student_like_its_teacher_has_no_divergence():
    source, target = (
        [record(2, *shape) for shape in SHAPES] for _ in range(2)
    )
    everything = torch.ones(2, 24, 40, dtype=torch.bool)
    for mask, teacher in ((everything, source), (~everything, target)):
        loss = attention_divergence(teacher, source, target, mask)
        assert abs(float(loss)) < 1e-7
        other = target if teacher is source else source
        assert attention_divergence(other, source, target, mask) > 0.01


def test_underflow_of_records_is_finite():
    own, source, target, mask = make_records()
    with torch.no_grad():
        own[0].queries[0, 0, 0] *= 1e3
    loss = attention_divergence(own, source, target, mask)
    loss.backward()
    assert loss.isfinite()
    assert own[0].queries.grad.isfinite().all()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_records(dtype):
    own, source, target, mask = make_records()
    expected = attention_divergence(own, source, target, mask)
    halves = [
        [
            AttentionRecord(
                r.queries.detach().to(dtype),
                r.keys.detach().to(dtype),
                r.query_grid,
                r.key_grid,
            )
            for r in records
        ]
        for records in (own, source, target)
    ]
    queries = halves[0][0].queries.requires_grad_()
    with torch.autocast('cpu', torch.bfloat16):
        loss = attention_divergence(*halves, mask)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, expected, rtol=0.02, atol=0)
    # the scaler of float16 multiplies before gradients are that
    (2.0**16 * loss).backward()
    expected.backward()
    assert queries.grad.dtype == dtype
    torch.testing.assert_close(
        queries.grad.float() / 2.0**16,
        own[0].queries.grad,
        rtol=0.2,
        atol=1e-5,
    )


def test_no_map_is_kept_for_the_backward_pass():
    own, source, target, mask = make_records()
    sizes = {}

    class Kept(torch.autograd.graph.saved_tensors_hooks):
        def __init__(self, name):
            sizes[name] = []
            super().__init__(
                lambda t: sizes[name].append(t.numel()) or t, lambda t: t
            )

    with Kept('maps'):
        divergence_of_maps(own, source, target, mask, True)
    with Kept('records'):
        attention_divergence(own, source, target, mask)
    entries = [2 * h * np.prod(a) * np.prod(b) for h, a, b in SHAPES]
    assert set(entries) <= set(sizes['maps'])
    kept = [r.queries.numel() for r in own] + [r.keys.numel() for r in own]
    assert sorted(sizes['records']) == sorted(kept)


def test_records_that_a_generator_lets_go_of_are_freed():
    own, source, target, mask = make_records()
    expected = attention_divergence(own, source, target, mask)
    alive, most = weakref.WeakSet(), []

    def consumed(records):
        while records:
            r = records.pop(0)
            alive.add(r.queries)
            most.append(len(alive))
            yield r
            del r

    loss = attention_divergence(own, consumed(source), target, mask)
    assert torch.equal(loss, expected)
    assert len(most) == 3 and max(most) < 3
    assert len(alive) == 0


def test_other_numbers_of_blocks_are_an_error():
    own, source, target, mask = make_records()
    with pytest.raises(ValueError, match='shorter'):
        attention_divergence(own, source[:2], target, mask)


@pytest.mark.parametrize('size', [(64, 96), (70, 100), (33, 65)])
def test_masks_on_grids_are_of_the_nearest_pixel(size):
    mask = torch.rand(3, *size) > 0.5
    grid = (9, 13)
    expected = F.interpolate(mask[:, None].float(), grid, mode='nearest')
    found = token_mask(mask, grid)
    assert found.shape == (3, 9 * 13)
    rows = torch.arange(9) * size[0] // 9
    columns = torch.arange(13) * size[1] // 13
    assert torch.equal(found, mask[:, rows][:, :, columns].flatten(1))
    assert torch.equal(found, expected.flatten(1) > 0)


@pytest.mark.parametrize('same', [True, False])
def test_divergence_by_loops(same):
    student = torch.randn(2, 2, 3, 2).log_softmax(-1)
    source, target = torch.randn(2, 2, 2, 3, 2).softmax(-1)
    query_mask = torch.tensor([[True, False, True], [False, False, True]])
    key_mask = torch.tensor([[True, False], [False, True]])
    total = 0.0
    for image in range(2):
        for head in range(2):
            for q in range(3):
                teacher = source if query_mask[image, q] else target
                for k in range(2):
                    if same and query_mask[image, q] != key_mask[image, k]:
                        continue
                    t = teacher[image, head, q, k]
                    s = student[image, head, q, k]
                    total += float(t * (t.log() - s))
    found = map_divergence(
        student, source, target, query_mask, key_mask if same else None
    )
    assert float(found) == pytest.approx(total / 24, rel=1e-5)


def test_attention_is_scaled_by_the_width_of_a_head():
    queries = torch.tensor([[1.0, 2.0, 0.0, 2.0]]).view(1, 1, 1, 4)
    keys = torch.tensor([[3.0, 1.0, 5.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    found = attention_logits(queries.half(), keys.view(1, 1, 2, 4).half())
    assert found.dtype == torch.float32
    assert found.flatten().tolist() == [2.5, 1]  # over sqrt(4)
