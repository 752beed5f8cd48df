"""Fast scores against one lookup a pixel, and what memory they take."""

import weakref

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.offsets.tables import tabulation
from mmseg_balance.logits.post_hoc import scores as post_hoc
from mmseg_balance.logits.post_hoc.row_lookup import RowLookup
from mmseg_balance.logits.post_hoc.scores import (
    check_tau,
    post_hoc_scores,
    table_scores,
    tau_scores,
)


def random_bank(shape, collapsed=False):
    bank = GaussianMixtureBank(shape)
    bank.weights.uniform_(0.1, 1)
    bank.weights.div_(bank.weights.sum(-1, keepdim=True))
    bank.means.normal_(0, 2)
    bank.variances.uniform_(0.3, 2)
    if collapsed:  # some of its cells are refined for them
        bank.variances[..., :2] = 1e-4
    bank.num_updates.fill_(1)
    return bank


@pytest.fixture
def banks():
    """Two domains of 4 classes; a pair and a row were never fitted."""
    first, second = random_bank((4, 4), True), random_bank((4, 4))
    first.num_updates[1, 2] = 0
    second.num_updates[3] = 0
    return first, second


@pytest.fixture
def table(banks, monkeypatch):
    """All of its pairs are refined, as scores have them anyway."""
    monkeypatch.setattr(tabulation, 'TOLERANCE', -1.0)
    return OffsetTable.build(banks, random_bank((2,)), grid_size=64)


def scores_of_lookups(logits, table, tau, domain):
    """Eq. 7 with a lookup of each pixel for each class as its label."""
    result = []
    for c in range(logits.shape[1]):
        labels = torch.full_like(logits[:, 0], c, dtype=torch.long)
        bank = torch.full_like(labels, domain)
        moved = logits + tau * table.lookup(logits, labels, bank)
        result.append(moved.log_softmax(1)[:, c])
    return torch.stack(result, 1)


@pytest.mark.parametrize('domain', [0, 1])
@pytest.mark.parametrize('shape', [(9, 4), (1, 4, 50), (2, 4, 5, 7)])
def test_scores_are_those_of_lookups(table, domain, shape, monkeypatch):
    monkeypatch.setattr(post_hoc, '_CHUNK', 4 * 6)
    logits = torch.randn(shape) * 4  # some are out of the tables' range
    for tau in (0.3, 1.0, 1.5):
        expected = scores_of_lookups(logits, table, tau, domain)
        found = table_scores(logits, table, tau, domain)
        torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-5)


@pytest.mark.parametrize('row', [1, 6])
def test_a_row_is_that_of_the_table(table, row):
    logits = torch.linspace(-12, 12, 20001).repeat(4, 1)
    labels = torch.full((1, 20001), row % 4)
    bank = torch.full_like(labels, row // 4)
    expected = table.lookup(logits.unsqueeze(0), labels, bank).squeeze(0)
    found = RowLookup(table, row).offset(logits)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert bool((found[2] == 0).all()) == (row == 1)


def test_what_is_no_number_stays_visible(table):
    logits = torch.randn(1, 4, 3)
    logits[0, 1, 1] = torch.nan
    scores = table_scores(logits, table, 1.0)
    assert scores[0, :, 1].isnan().all()
    assert scores[0, :, [0, 2]].isfinite().all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_taken_as_float32(table, dtype):
    logits = (torch.randn(2, 4, 6) * 4).to(dtype)
    scores = table_scores(logits, table, 1.0)
    assert scores.dtype == torch.float32
    torch.testing.assert_close(
        scores, table_scores(logits.float(), table, 1.0)
    )


def test_logits_in_any_memory_order(table):
    logits = torch.randn(3, 6, 5, 4) * 4
    found = table_scores(logits.permute(0, 3, 1, 2), table, 1.0)
    expected = table_scores(
        logits.permute(0, 3, 1, 2).contiguous(), table, 1.0
    )
    torch.testing.assert_close(found, expected)


def test_no_pixel(table):
    assert table_scores(torch.zeros(0, 4, 3), table, 1.0).shape == (0, 4, 3)
    assert tau_scores(torch.zeros(2, 4, 0), table, [0, 1]).shape == (2, 2, 0)


@pytest.mark.parametrize('shape', [(50, 4), (2, 4, 9, 11)])
def test_classes_of_each_tau(table, shape, monkeypatch):
    monkeypatch.setattr(post_hoc, '_CHUNK', 4 * 30)
    logits = torch.randn(shape) * 4
    taus = [1.5, 0.0, 0.4]
    classes = tau_scores(logits, table, taus, domain=1)
    assert classes.dtype == torch.int64
    for tau, found in zip(taus, classes):
        expected = table_scores(logits, table, tau, 1).argmax(1)
        assert torch.equal(found, expected)
    assert not torch.equal(classes[0], classes[1])


def test_tau_0_is_the_argmax_of_the_logits(table):
    """Also where two logits are nearer than rounding in a log-softmax."""
    base = torch.full((2000,), 1e-3)
    logits = torch.stack([base, base, base - 30, base - 30], 1)
    logits[:, 1] *= 1 + 2**-20 * torch.randint(-1, 2, (2000,))
    found = tau_scores(logits, table, [0.0, 1.0])[0]
    assert torch.equal(found, logits.argmax(1))


def test_offsets_are_looked_up_once_for_all_tau(table, monkeypatch):
    calls = []
    offset = RowLookup.offset
    monkeypatch.setattr(
        RowLookup,
        'offset',
        lambda self, z: calls.append(z.shape) or offset(self, z),
    )
    tau_scores(torch.randn(1, 4, 20), table, [0, 0.5, 1, 1.5])
    assert calls == [(4, 20)] * 4


def test_other_number_of_classes(table):
    for function, tau in ((table_scores, 1.0), (tau_scores, [1.0])):
        with pytest.raises(ValueError, match='Expected 4 logits.*but got 3'):
            function(torch.zeros(1, 3, 2), table, tau)


@pytest.mark.parametrize('tau', ['1', None, True, -1, float('nan')])
def test_what_is_no_scale(tau):
    with pytest.raises(ValueError, match='`beta` to be a number'):
        check_tau(tau, 'beta')


def test_the_whole_way_from_banks(banks):
    anchors = random_bank((2,))
    logits = torch.randn(2, 4, 5) * 4
    table = OffsetTable.build([banks[1]], anchors)
    torch.testing.assert_close(
        post_hoc_scores(logits, banks[1], anchors, 0.7),
        table_scores(logits, table, 0.7),
    )


class PeakMemory(TorchDispatchMode):
    """Bytes of all tensors made inside that are alive at once."""

    def __init__(self):
        super().__init__()
        self.alive, self.now, self.peak = {}, 0, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = {self.key(t) for t in tree_leaves((args, kwargs))} - {None}
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            key = self.key(tensor)
            if key is None or (key in given and key not in self.alive):
                continue  # a view of an argument
            if key not in self.alive:
                size = tensor.untyped_storage().nbytes()
                self.alive[key] = [size, 0]
                self.now += size
                self.peak = max(self.peak, self.now)
            self.alive[key][1] += 1
            weakref.finalize(tensor, self.release, key)
        return result

    @staticmethod
    def key(value):
        if isinstance(value, torch.Tensor):
            return value.untyped_storage()._cdata
        return None

    def release(self, key):
        self.alive[key][1] -= 1
        if self.alive[key][1] == 0:
            self.now -= self.alive.pop(key)[0]


def test_the_memory_counter_counts():
    given = torch.zeros(1000)
    with PeakMemory() as memory:
        given.view(10, 100).exp().sum()  # freed at once
        kept = (given + 1)[:5]
        given.add_(1)
    assert kept.shape == (5,)
    assert 4000 < memory.peak <= 4016 and memory.now == 4000


@pytest.mark.parametrize('num_taus', [None, 11])
@pytest.mark.parametrize('chunk', ['_CHUNK', '_DEVICE_CHUNK'])
def test_memory_of_a_large_image(num_taus, chunk, monkeypatch):
    """Without values: tensors of the meta device have shapes alone."""
    size = getattr(post_hoc, chunk)
    monkeypatch.setattr(post_hoc, '_DEVICE_CHUNK', size)
    # a strip of the image is enough where the chunks are small
    height, width = (1024, 2048) if chunk == '_DEVICE_CHUNK' else (16, 2048)
    bank, anchors = random_bank((19, 19)), random_bank((2,))
    table = OffsetTable.build([bank.to('meta')], anchors.to('meta'))
    logits = torch.zeros(1, 19, height, width, device='meta')
    with PeakMemory() as memory:
        if num_taus is None:
            result = table_scores(logits, table, 1.0, kernels='torch')
        else:
            result = tau_scores(
                logits, table, [0.1] * num_taus, kernels='torch'
            )
    beyond = memory.peak - result.numel() * result.element_size()
    # 24 MB of it are the rows that the table keeps for the next image
    limit = 2e9 if chunk == '_DEVICE_CHUNK' else 34e6
    assert 0 < beyond < limit


def test_one_anchor_is_not_enough():
    bank, anchors = random_bank((3, 3)), random_bank((2,))
    anchors.num_updates[1] = 0
    with pytest.raises(ValueError, match='`anchors` was never fitted'):
        post_hoc_scores(torch.randn(1, 3, 4), bank, anchors)


def test_scores_of_a_logit_that_a_head_rules_out():
    bank, anchors = random_bank((3, 3)), random_bank((2,))
    bank.num_updates[:, 2] = 0
    logits = torch.randn(1, 3, 7)
    logits[:, 2] = -torch.inf
    scores = post_hoc_scores(logits, bank, anchors)
    assert scores[:, :2].isfinite().all() and (scores[:, 2] < -1e30).all()


def test_rows_are_made_once_for_all_images():
    bank, anchors = random_bank((3, 3)), random_bank((2,))
    table = OffsetTable.build([bank, bank], anchors)
    first = table_scores(torch.randn(1, 3, 5), table, 1.0, domain=1)
    assert set(table.row_lookups) == {3, 4, 5} and first.isfinite().all()
    kept = dict(table.row_lookups)
    table_scores(torch.randn(1, 3, 5), table, 1.0, domain=1)
    assert table.row_lookups == kept


@pytest.mark.parametrize('tau', [True, '1', None, float('nan'), -0.1])
def test_tau_that_is_no_number_of_at_least_0(tau):
    with pytest.raises(ValueError, match=r'`tau`.*but got'):
        post_hoc.check_tau(tau)


def test_tau_of_numpy():
    post_hoc.check_tau(np.float32(0.5))
    post_hoc.check_tau(np.int64(1))
