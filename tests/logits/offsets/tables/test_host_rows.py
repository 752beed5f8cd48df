"""Rows that are tabulated when they are asked for, against whole tables."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank, LogitStatistics
from mmseg_balance.logits.offsets.tables import tabulation
from mmseg_balance.logits.offsets.tables.table import OffsetTable

CLASSES = 7


def bank(seed, narrow=True):
    made = GaussianMixtureBank((CLASSES, CLASSES))
    generator = torch.Generator().manual_seed(seed)
    made.means.normal_(0, 3, generator=generator)
    made.variances.uniform_(0.2, 4, generator=generator)
    if narrow:  # some pairs of some rows are refined
        made.variances[2, ::2, 0] = 1e-4
        made.variances[5, 1, 3] = 1e-4
    made.num_updates.fill_(1)
    made.num_updates[1, 3] = 0
    made.num_updates[6] = 0
    return made


def build(narrow=True, **kwargs):
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[6.0], [-2.0]])
    banks = [bank(0, narrow), bank(1, narrow)]
    return OffsetTable.build(banks, anchors, grid_size=128, **kwargs)


def batch(classes, pixels=400):
    labels = torch.tensor(classes)[torch.randint(len(classes), (2, pixels))]
    labels[:, ::9] = 255
    logits = torch.randn(2, CLASSES, pixels) * 5
    return logits, labels, torch.rand(2, pixels) < 0.5


@pytest.mark.parametrize('narrow', [True, False])
def test_rows_are_those_of_the_whole_table_bit_for_bit(narrow):
    whole = build(narrow)
    values, starts = whole.values, whole.starts
    table = build(narrow)
    for classes in ([3], [0, 5], [5, 2, 6], [255], [1, 4]):
        args = batch(classes)
        found = table.lookup(*args)
        assert torch.equal(found, whole.lookup(*args))
        assert found.isfinite().all()
    assert whole.error.max() > tabulation.TOLERANCE or not narrow
    assert torch.equal(table.error, whole.error)
    assert torch.equal(table.starts, starts)
    grids = 2 * CLASSES**2 * 128
    refined = starts[starts < 0].abs()
    assert len(refined) or not narrow
    assert torch.equal(table.values[:grids], values[:grids])
    fine = refined.long().unsqueeze(1) + torch.arange(33)
    assert torch.equal(table.values[fine], values[fine])


def test_only_rows_of_the_labels_are_tabulated(monkeypatch):
    asked = []
    grid = tabulation.Tabulator.grid

    def counted(self, part):
        asked.extend(part.tolist())
        return grid(self, part)

    monkeypatch.setattr(tabulation.Tabulator, 'grid', counted)
    table = build()
    assert not asked
    logits, labels, _ = batch([2, 3])
    table.lookup(logits, labels)
    expected = [r * CLASSES + k for r in (2, 3) for k in range(CLASSES)]
    assert asked == expected
    table.lookup(logits, labels)
    assert asked == expected  # they are kept
    table.lookup(*batch([1, 6]))
    # without the pairs that were never fitted
    one = [r * CLASSES + k for r in (1, 8) for k in range(CLASSES)]
    assert asked[len(expected) :] == [q for q in one if q % CLASSES != 3]


def test_a_pair_is_read_alike_whatever_else_is_in_the_batch():
    """Row 3 has no refined pair, row 2 has: its logits share the way."""
    logits, labels, domain = batch([3])
    alone = build().lookup(logits, labels, domain)
    table = build()
    together = table.lookup(
        torch.cat([logits, logits]),
        torch.cat([labels, torch.full_like(labels, 2)]),
        torch.cat([domain, domain]),
    )
    assert table._lazy.needs_starts
    assert torch.equal(together[:2], alone)


def test_the_last_row_keeps_its_refined_cells():
    """Ignored pixels read it before it is tabulated."""

    def table(*asked_first):
        made = bank(1)
        made.num_updates[6], made.variances[6, 2, 0] = 1, 1e-4
        anchors = GaussianMixtureBank((2,))
        anchors.means += torch.tensor([[6.0], [-2.0]])
        built = OffsetTable.build([made, made], anchors, grid_size=128)
        for classes in asked_first:
            built.lookup(*batch(classes))
        return built

    logits, labels, _ = batch([6])
    domain = torch.ones_like(labels)
    alone = table().lookup(logits, labels, domain)
    later = table([2], [255]).lookup(logits, labels, domain)
    assert torch.equal(later, alone)
    assert (table([2]).starts.view(2, CLASSES, -1)[1, 6] < 0).any()


def test_rows_may_be_asked_for_in_inference_mode_first():
    table = build()
    with torch.inference_mode():
        other = build()
        other.lookup(*batch([2]))
    args = batch([2, 5])
    assert torch.equal(other.lookup(*args), table.lookup(*args))


def test_threads_may_look_up_side_by_side():
    args = [batch([c, 2]) for c in range(CLASSES)]
    whole = build()
    expected = [whole.lookup(*arg) for arg in args]
    with ThreadPoolExecutor(CLASSES) as pool:
        for _ in range(5):
            table = build()
            found = pool.map(lambda arg, t=table: t.lookup(*arg), args)
            assert all(map(torch.equal, found, expected))


def test_ignored_pixels_alone_read_no_garbage():
    table = build()
    table.knots.values.fill_(torch.nan)  # what fresh memory may hold
    table._lazy._clear(2 * CLASSES - 1)
    logits, labels, domain = batch([0])
    labels.fill_(255)
    assert not table.lookup(logits, labels, domain).any()
    labels[0, 0] = 2  # with refined cells
    offset = table.lookup(logits, labels, domain)
    assert offset[0, :, 0].all()
    assert not offset[0, :, 1:].any() and not offset[1].any()


def test_memory_is_used_again():
    old = build()
    args = batch([0, 2, 3, 5])
    old.lookup(*args)
    anchors = GaussianMixtureBank((2,))
    banks = [bank(2), bank(3)]
    new = OffsetTable.build(banks, anchors, grid_size=128, instead_of=old)
    assert new.knots is old.knots
    expected = OffsetTable.build(banks, anchors, grid_size=128)
    assert torch.equal(new.lookup(*args), expected.lookup(*args))
    for read in (lambda: old.lookup(*args), lambda: old.values):
        with pytest.raises(RuntimeError, match='gave its memory'):
            read()
    other = OffsetTable.build(banks, anchors, grid_size=64, instead_of=new)
    assert other.knots is not new.knots


def test_statistics_look_up_by_their_banks_after_each_update():
    statistics = LogitStatistics(CLASSES, min_samples=5, warmup=0)
    anew = LogitStatistics(CLASSES, min_samples=5, warmup=0)
    labels = torch.randint(CLASSES - 1, (2, 12, 12))
    for _ in range(3):
        logits = torch.randn(2, CLASSES, 12, 12) * 4
        mask = torch.rand(labels.shape) < 0.5
        statistics.collect(logits, labels)
        statistics.collect(logits, labels, mask)
        statistics.update()
        anew.load_state_dict(statistics.state_dict())  # as resumed
        found = statistics.offset(logits, labels, mask)
        assert found.any()
        assert torch.equal(found, anew.offset(logits, labels, mask))


def test_without_anchors_all_offsets_are_0():
    anchors, args = GaussianMixtureBank((2,)), batch([0, 2])
    table = OffsetTable.build(
        [bank(0), bank(1)], anchors, grid_size=64, needs_anchors=True
    )
    assert not table.lookup(*args).any() and not table.fitted.any()
    anchors.num_updates[0] = 1
    table = OffsetTable.build([bank(0)], anchors, 0.01, 64, needs_anchors=True)
    assert not table.fitted.any()
    anchors.num_updates[1] = 1
    table = OffsetTable.build([bank(0)], anchors, 0.01, 64, needs_anchors=True)
    assert table.fitted.any()


def test_copies_of_statistics_have_no_table():
    statistics = LogitStatistics(CLASSES)
    before = statistics.table
    statistics.update()
    assert statistics._outdated is before
    for copied in (
        copy.deepcopy(statistics),
        pickle.loads(pickle.dumps(statistics)),
    ):
        assert copied._table is None and copied._outdated is None
        assert copied.table is not statistics.table
    assert statistics.table.knots is before.knots
