"""Scores of many classes at a time, against one lookup for each offset."""

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.post_hoc import score_table, scores
from mmseg_balance.logits.post_hoc.score_table import ScoreTable
from mmseg_balance.logits.post_hoc.scores import table_scores, tau_scores

CLASSES = 7


def trained_bank(shape=(CLASSES, CLASSES), own=6.0):
    """Distributions as trained networks have them."""
    bank = GaussianMixtureBank(shape)
    bank.weights.uniform_(0.1, 1)
    bank.weights.div_(bank.weights.sum(-1, keepdim=True))
    bank.means.normal_(-1, 2)
    bank.means += own * torch.eye(*shape).unsqueeze(-1)
    bank.variances.uniform_(0.5, 4)
    bank.num_updates.fill_(1)
    return bank


@pytest.fixture
def table():
    """Two domains; of the second pairs and a row were never fitted, and two
    pairs have components that no grid of all classes serves."""
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[6.0], [-2.0]])
    anchors.variances.fill_(2)
    first, second = trained_bank(), trained_bank()
    second.num_updates[3] = 0
    second.num_updates[0, 2] = second.num_updates[1, 1] = 0
    second.variances[2, 4, :2] = second.variances[5, 0, 3] = 1e-4
    return OffsetTable.build([first, second], anchors)


def pixels(num):
    """Logits, some of them out of the range of a table."""
    logits = torch.randn(CLASSES, num) * 3 - 1
    logits[torch.randint(CLASSES, (num,)), torch.arange(num)] += 6
    logits[:, ::50] *= 5
    return logits


def assert_near(found, expected):
    difference = (found - expected).abs()
    assert difference.max() < 2e-3 and difference.mean() < 5e-5


@pytest.mark.parametrize('domain', [0, 1])
@pytest.mark.parametrize('tau', [0.3, 1.0, 1.7])
def test_scores_are_those_of_lookups(table, domain, tau, monkeypatch):
    monkeypatch.setattr(score_table, '_CHUNK', 2 * CLASSES * 1000)
    monkeypatch.setattr(score_table, '_MOST_KNOTS', 2**11)
    fast = ScoreTable(table, tau, domain)
    assert fast.is_usable
    pairs = torch.stack(fast.doubtful, 1).tolist()
    assert pairs == ([[2, 4], [5, 0]] if domain else [])
    logits = pixels(4321)
    expected = scores._looked_up(logits, table, tau, domain)
    assert_near(fast.scores(logits), expected)
    # the pairs that are looked up count
    fast.others = None
    missing = (fast.scores(logits) - expected).abs()
    assert bool((missing > 0.01).any()) == bool(domain)


def test_images_take_it_and_a_few_pixels_do_not(table, monkeypatch):
    monkeypatch.setattr(score_table, '_MOST_KNOTS', 2000)
    few, many = pixels(1999), pixels(2000)
    assert ScoreTable.of(table, 1.0, 0, 1999) is None
    few = table_scores(few.T, table, 1.0)
    assert not table.score_tables and few.isfinite().all()
    found = table_scores(many.view(1, CLASSES, 40, 50), table, 1.0, 1)
    kept = table.score_tables[1.0, 1]
    expected = scores._looked_up(many, table, 1.0, 1).view_as(found)
    difference = (found - expected).abs()
    assert 0 < difference.max() < 2e-2
    assert (found.argmax(1) == expected.argmax(1)).float().mean() > 0.999
    # and once for all images
    table_scores(many.T, table, 1.0, 1)
    assert table.score_tables[1.0, 1] is kept


def test_a_sweep_agrees_with_one_tau(table, monkeypatch):
    monkeypatch.setattr(score_table, '_MOST_KNOTS', 1000)
    # one table has room, and the other taus are looked up
    monkeypatch.setattr(score_table, '_KEPT', 1000 * CLASSES**2)
    logits = pixels(1500).T
    taus = [0.0, 0.5, 1.0]
    labels = tau_scores(logits, table, taus, 1)
    assert list(table.score_tables) == [(0.5, 1)]
    for tau, found in zip(taus, labels, strict=True):
        assert torch.equal(
            found, table_scores(logits, table, tau, 1).argmax(1)
        )


def test_what_is_no_number_is_looked_up(table, monkeypatch):
    monkeypatch.setattr(score_table, '_MOST_KNOTS', 100)
    logits = pixels(300)
    logits[2, 7], logits[1, 8], logits[0, 9] = torch.nan, torch.inf, -torch.inf
    found = table_scores(logits.T, table, 1.0).T
    odd = slice(7, 10)
    expected = scores._looked_up(logits[:, odd], table, 1.0, 0)
    torch.testing.assert_close(
        found[:, odd], expected, rtol=1e-5, atol=1e-6, equal_nan=True
    )
    assert found[:, :7].isfinite().all() and found[:, 7].isnan().all()


def test_anchors_of_a_range_beyond_float32():
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[90.0], [-30.0]])
    table = OffsetTable.build([trained_bank()], anchors)
    assert not ScoreTable(table, 1.0, 0).is_usable
    assert ScoreTable(table, 0.3, 0).is_usable
    assert ScoreTable.of(table, 1.0, 0, 10**6) is None


def test_collapsed_mixtures_are_looked_up(table, monkeypatch):
    monkeypatch.setattr(score_table, '_MOST_KNOTS', 2**11)
    bank = trained_bank()
    bank.variances[:, :, 0] = 1e-4
    anchors = GaussianMixtureBank((2,))
    table = OffsetTable.build([bank], anchors)
    assert not ScoreTable(table, 1.0, 0).is_usable


def test_scores_stay_float32_under_autocast(table):
    fast = ScoreTable(table, 1.0, 1)
    logits = pixels(200)
    with torch.autocast('cpu', torch.bfloat16):
        found = fast.scores(logits)
    torch.testing.assert_close(found, fast.scores(logits), rtol=0, atol=0)
