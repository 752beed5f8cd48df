"""Biases and divergences of an assessment, against NumPy and SciPy."""

import json
import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm, spearmanr

from mmseg_balance.evaluation.bias_assessment import (
    BiasAssessment,
    assess,
    rank_correlation,
)
from mmseg_balance.evaluation.bias_report import report_dict, report_text
from mmseg_balance.logits import GaussianMixtureBank
from mmseg_balance.logits.statistics.offline import fit_statistics
from mmseg_balance.logits.statistics.reservoir import LogitReservoir

CLASSES = ('road', 'pole', 'sky', 'train')


def gaussian_bank(means, sigma=1.0):
    """A bank of single Gaussians that was fitted."""
    means = torch.as_tensor(means, dtype=torch.float)
    bank = GaussianMixtureBank(means.shape, num_components=1)
    bank.means.copy_(means[..., None])
    bank.variances.fill_(sigma**2)
    bank.num_updates.fill_(1)
    return bank


@pytest.fixture
def parts():
    """Confusion matrix, bank and anchors; 'train' has no labelled pixel."""
    confusion = torch.tensor(
        [[90, 0, 10, 0], [60, 30, 10, 0], [0, 0, 100, 0], [0, 0, 0, 0]]
    )
    bank = gaussian_bank(np.random.default_rng(0).normal(0, 2, (4, 4)))
    bank.num_updates[3] = 0
    return confusion, bank, gaussian_bank([3.0, -1.0])


def test_measured_bias_and_groups(parts):
    phases = []

    def track(rows, name):
        phases.append((name, len(rows)))
        return rows

    found = assess(*parts, CLASSES, track=track)
    # each that takes time says how far it is
    assert sorted(phases) == [('bias, Eq. 5', 3), ('divergences', 4)]
    share = np.array([[0.9, 0, 0.1], [0.6, 0.3, 0.1], [0, 0, 1.0]])
    expected = share.mean(0) - 1 / 3
    np.testing.assert_allclose(found.bias[:3], expected)
    assert found.bias[3].isnan()
    assert found.order == [0, 2, 1, 3]
    assert found.over_predicted == ['road', 'sky']
    assert found.under_predicted == ['pole']
    assert found.absent == ['train'] and found.not_fitted == []
    assert found.num_pixels.tolist() == [100, 100, 100, 0]


def test_classes_in_balance_are_in_neither_group(parts):
    found = assess(torch.eye(4) * 7, *parts[1:], CLASSES)
    assert found.over_predicted == found.under_predicted == []
    # its mixtures were not fitted, though it has pixels
    assert found.not_fitted == ['train']


def test_divergences_are_means_over_the_other_classes(parts):
    found = assess(*parts, CLASSES)
    z = np.linspace(-20, 20, 20001)

    def divergence(mean, anchor):
        return jensenshannon(norm.pdf(z, mean), norm.pdf(z, anchor)) ** 2

    means = parts[1].means[..., 0].numpy()
    for c in range(4):
        others = [
            divergence(means[row, c], -1.0) for row in range(3) if row != c
        ]
        assert float(found.js_negative[c]) == pytest.approx(
            np.mean(others), abs=1e-4
        )
    for c in range(3):
        assert float(found.js_positive[c]) == pytest.approx(
            divergence(means[c, c], 3.0), abs=1e-4
        )
    assert found.js_positive[3].isnan()


def test_both_biases_agree_on_independent_logits():
    """Pixels whose logits are independent: Eq. 5 is then no approximation."""
    torch.manual_seed(1)
    num, side = 4, 60
    means = 3 * torch.eye(num) + torch.tensor([1.5, 0.0, -0.5, -1.0])
    reservoir = LogitReservoir(num)
    confusion = torch.zeros(num, num)
    for index in range(8):
        labels = torch.randint(num, (side, side))
        logits = means[labels].permute(2, 0, 1) + torch.randn(num, side, side)
        reservoir.add(logits, labels, index)
        pairs = labels * num + logits.argmax(0)
        confusion += pairs.flatten().bincount(minlength=num**2).view(num, num)
    fitted = fit_statistics(reservoir)
    found = assess(confusion, fitted.source, fitted.anchors, CLASSES)
    assert found.bias.abs().max() > 0.1
    torch.testing.assert_close(
        found.mixture_bias, found.bias, atol=0.01, rtol=0
    )
    assert found.over_predicted == ['road']
    assert found.rank_correlation == 1


@pytest.mark.parametrize(
    'first, second',
    [
        ([1.0, 2, 3, 4, 5], [2.0, 1, 4, 3, 5]),
        ([1.0, 1, 2, 2, 3], [3.0, 1, 1, 1, 0]),
        ([math.nan, 5, 2, 3], [1.0, math.nan, 9, 4]),
    ],
)
def test_rank_correlation_is_that_of_scipy(first, second):
    expected = spearmanr(first, second, nan_policy='omit').statistic
    found = rank_correlation(torch.tensor(first), torch.tensor(second))
    assert found == pytest.approx(float(expected))


def test_no_rank_correlation_of_one_class_or_equal_values():
    nan = math.nan
    for first, second in (
        ([1.0, nan], [2.0, 3.0]),
        ([1.0, 1.0], [2.0, 3.0]),
        ([nan, nan], [2.0, 3.0]),
    ):
        assert math.isnan(
            rank_correlation(torch.tensor(first), torch.tensor(second))
        )


def test_text_is_sorted_and_names_the_groups(parts):
    text = report_text(assess(*parts, CLASSES, 'a file'))
    assert max(map(len, text.splitlines())) <= 79
    rows = [line for line in text.splitlines() if line.startswith('| ')]
    names = [row.split('|')[1].strip() for row in rows]
    assert names == ['Class', *('road', 'sky', 'pole', 'train'), 'mean', 'std']
    cells = [cell.strip() for cell in rows[1].split('|')[2:4]]
    assert cells == ['100', '+16.67']
    assert set(rows[4].split()) >= {'train', '0', '-'}
    assert 'Over-predicted: road +16.67, sky +6.67\n' in text
    assert 'Under-predicted: pole -23.33\n' in text
    assert 'of a file.' in text and '(Spearman)' in text
    assert text.endswith('Without a labelled pixel: train')


def test_text_keeps_names_and_numbers_on_one_line():
    names = [f'a long class name {i}' for i in range(12)]
    confusion = torch.ones(12, 12)
    confusion[:, 0] += 5
    banks = gaussian_bank(torch.eye(12)), gaussian_bank([1.0, 0.0])
    text = report_text(assess(confusion, *banks, names))
    for name in names[1:]:
        assert f'{name} -2.45' in text


def test_dict_is_strict_json(parts):
    found = assess(*parts, CLASSES)
    content = json.loads(json.dumps(report_dict(found), allow_nan=False))
    assert content['over_predicted'] == ['road', 'sky']
    assert content['under_predicted'] == ['pole']
    assert content['classes']['road']['bias'] == pytest.approx(100 / 6)
    train = content['classes']['train']
    assert train['bias'] is train['js_positive'] is None
    assert train['js_negative'] > 0 and train['pixels'] == 0
    assert content['js_positive_mean'] == pytest.approx(
        float(found.js_positive[:3].mean())
    )


def test_nothing_fitted_is_no_error(parts):
    confusion, bank, anchors = parts
    bank.num_updates.fill_(0)
    found = assess(confusion, bank, anchors, CLASSES)
    assert found.mixture_bias.isnan().all()
    assert found.not_fitted == ['road', 'pole', 'sky']
    assert 'Spearman' not in report_text(found)
    assert report_dict(found)['js_negative_mean'] is None


def test_bad_input(parts):
    confusion, bank, anchors = parts
    with pytest.raises(ValueError, match=r'shape \(3, 3\), one row'):
        assess(confusion, bank, anchors, CLASSES[:3])
    with pytest.raises(ValueError, match='one of 4'):
        assess(confusion[:3, :3], bank, anchors, CLASSES[:3])
    with pytest.raises(ValueError, match='at least one labelled pixel'):
        assess(confusion * 0, bank, anchors, CLASSES)
    with pytest.raises(ValueError, match=r'shape \(2,\)'):
        assess(confusion, bank, bank, CLASSES)


def test_of_150_classes_the_ends_are_told():
    """ADE20K's table would be two pages, and its lists paragraphs."""
    num = 150
    bias = -torch.arange(num).double() / 1000
    bias[0], bias[140:] = 0.5, math.nan
    found = BiasAssessment(
        classes=tuple(f'class {i:03}' for i in range(num)),
        num_pixels=100 * (torch.arange(num) < 140),
        bias=bias,
        mixture_bias=bias.masked_fill(torch.arange(num) >= 100, torch.nan),
        js_positive=bias.abs(),
        js_negative=bias.abs(),
        anchors='all logits',
    )
    text = report_text(found)
    rows = [line.split()[1:4] for line in text.splitlines() if '| ' in line]
    shown = [row[1] for row in rows if row[:1] == ['class']]
    assert shown == [f'{c:03}' for c in [*range(15), *range(135, 150)]]
    assert '| ... 120 more ... |' in text
    (under,) = [x for x in text.split('\n') if x.startswith('Under-pred')]
    under = ' '.join(text[text.index(under) :].split())
    assert under.startswith('Under-predicted: class 139 -')
    assert ' -13.00, and 129 more Rank correlation' in under
    assert 'class 129' not in under
    assert 'Without a labelled pixel: class 140, class 141' in under
    content = report_dict(found)
    assert len(content['under_predicted']) == 139
    assert len(content['classes']) == num


def many(num):
    """Classes of falling bias, all below 0."""
    values = -torch.arange(1, num + 1).double() / 1000
    return BiasAssessment(
        classes=tuple(f'c{i:03}' for i in range(num)),
        num_pixels=torch.full((num,), 1234),
        bias=values,
        mixture_bias=2 * values,
        js_positive=values.square(),
        js_negative=values.abs(),
        anchors='all logits',
    )


@pytest.mark.parametrize('num, left', [(40, 0), (41, 11)])
def test_up_to_40_classes_are_shown(num, left):
    text = report_text(many(num))
    rows = [line for line in text.splitlines() if line.startswith('| c')]
    assert len(rows) == num - left
    assert (f'... {left} more ...' in text) == bool(left)
    assert rows[0].split()[1:6:2] == ['c000', '1,234', '-0.10']


@pytest.mark.parametrize('num, left', [(20, 0), (21, 11)])
def test_up_to_20_names_are_listed(num, left):
    text = ' '.join(report_text(many(num)).split())
    listed = text[text.index('Under-predicted:') : text.index(' Rank')]
    assert listed.count('c0') == num - left
    assert listed.endswith(f', and {left} more') == bool(left)


def test_divergences_are_summarised(parts):
    found = assess(*parts, CLASSES)
    content = report_dict(found)
    rows = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in report_text(found).splitlines()
        if line.startswith(('| mean', '| std'))
    ]
    for place, key in ((-2, 'js_positive'), (-1, 'js_negative')):
        values = getattr(found, key).numpy()
        for row, number in zip(rows, (np.nanmean(values), np.nanstd(values))):
            assert row[place] == f'{number:.3f}'
            name = f'{key}_{row[0]}'
            assert content[name] == pytest.approx(float(number))
    assert content['classes']['pole']['pixels'] == 100
    assert content['rank_correlation'] == pytest.approx(found.rank_correlation)
    assert content['absent'] == ['train'] and content['not_fitted'] == []
