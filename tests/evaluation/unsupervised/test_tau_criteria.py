"""Criteria of a pass against loops over all pixels at once."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import accuracy_score, jaccard_score

from mmseg_balance.evaluation.unsupervised.criteria import CRITERIA
from mmseg_balance.evaluation.unsupervised.neighbourhood_density import (
    soft_neighbourhood_density,
)
from mmseg_balance.evaluation.unsupervised.tau_criteria import (
    TauCriteria,
    sample_size,
)
from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores, tau_scores

C = 4
TAUS = [0.0, 0.5, 1.5]


@pytest.fixture
def banks():
    made = []
    for shape in ((C, C), (2,)):
        bank = GaussianMixtureBank(shape)
        bank.means.normal_(0, 2)
        bank.num_updates.fill_(1)
        made.append(bank)
    return made


@pytest.fixture
def images():
    """Logits of three images of other sizes, and of two more views."""
    found = []
    for height in (6, 9, 5):
        own = 2 * torch.randn(C, height, 8)
        flip, part = (own + torch.randn_like(own) for _ in range(2))
        found.append((own, dict(flip=flip, part=part)))
    return found


def criteria_of(banks, count, names=tuple(CRITERIA), **settings):
    table = OffsetTable.build(banks[:1], banks[1])
    return TauCriteria(TAUS, table, 0, names, count, **settings)


def take_in(criteria, images, indices=None, is_teacher=False):
    for i in range(len(images)) if indices is None else indices:
        own, views = images[i]
        found = tau_scores(own[None], criteria.table, TAUS, 0).squeeze(1)
        criteria.add(i, own, found, views, is_teacher)
    return criteria


def pixels(logits, banks, tau):
    """Probabilities (pixels, C) of an image, by the direct computation."""
    scores = post_hoc_scores(logits[None], *banks, tau)[0]
    scores = np.exp(scores.double().numpy().reshape(C, -1).T)
    return scores / scores.sum(1, keepdims=True)


def shares(labels):
    return np.array([np.mean(labels == c) for c in range(C)])


@pytest.mark.parametrize('is_teacher', [False, True])
def test_every_criterion(banks, images, is_teacher):
    criteria = take_in(criteria_of(banks, 3), images, is_teacher=is_teacher)
    biases = torch.tensor([[0.1, -0.3, 0.2, math.nan]] * 3).double()
    rows = criteria.measured(biases)

    def labels(tau, name=None):
        """All predicted classes, of the images or of a view."""
        return np.concatenate(
            [
                pixels(
                    own if name is None else views[name], banks, tau
                ).argmax(1)
                for own, views in images
            ]
        )

    for tau, row in zip(TAUS, rows, strict=True):
        by_image = [pixels(own, banks, tau) for own, _ in images]
        together = np.concatenate(by_image)
        entropy = stats.entropy(together, axis=1).mean()
        own, flip, part = (labels(tau, n) for n in (None, 'flip', 'part'))
        teacher = labels(0.0, None if is_teacher else 'part')
        expected = dict(
            tau=tau,
            snd=np.mean(
                [soft_neighbourhood_density(torch.tensor(p)) for p in by_image]
            ),
            im=entropy - stats.entropy(together.mean(0)),
            entropy=entropy,
            flip_agreement=100 * accuracy_score(own, flip),
            flip_iou=100 * jaccard_score(own, flip, average='macro'),
            teacher_agreement=100 * accuracy_score(own, part),
            teacher_iou=100 * jaccard_score(own, part, average='macro'),
            teacher_shares=50 * np.abs(shares(own) - shares(teacher)).sum(),
            share_shift=50 * np.abs(shares(own) - shares(labels(0.0))).sum(),
            mixture_bias=20.0,
        )
        assert row.pop('shares') == pytest.approx(100 * shares(own))
        assert row == pytest.approx(expected, rel=1e-4)
    assert rows[0]['share_shift'] == 0 < rows[2]['share_shift']
    assert rows[0]['entropy'] != pytest.approx(rows[2]['entropy'], abs=1e-3)


def test_any_order_and_two_halves_give_the_same(banks, images):
    whole = take_in(criteria_of(banks, 3), images).measured()
    back = take_in(criteria_of(banks, 3), images, [2, 0, 1]).measured()
    first = take_in(criteria_of(banks, 3), images, [0, 2])
    first.merge(take_in(criteria_of(banks, 3), images, [1]))
    for other in (back, first.measured()):
        for row, of_whole in zip(other, whole, strict=True):
            assert row.pop('shares') == pytest.approx(of_whole['shares'])
            assert row == pytest.approx(
                {k: v for k, v in of_whole.items() if k != 'shares'}
            )


def test_a_sample_of_pixels_counts_for_the_whole_image(banks):
    """Of two images of one colour each: means are weighted by their sizes."""
    logits = torch.tensor([[2.0, 0.0, 1.0, -1.0], [0.0, 3.0, 0.0, 0.0]])
    images = []
    for one, size in zip(logits, ((10, 20), (40, 50)), strict=True):
        own = one.view(C, 1, 1).expand(C, *size)
        other = own.roll(1, 0) if size[0] == 10 else own
        images.append((own, dict(flip=other, part=own)))
    criteria = criteria_of(banks, 2)
    criteria.sample_size = 16
    row = take_in(criteria, images).measured()[0]
    both = [pixels(own, banks, 0.0)[0] for own, _ in images]
    weights = np.array([200, 2000]) / 2200
    entropy = weights @ [stats.entropy(p) for p in both]
    assert row['entropy'] == pytest.approx(entropy, rel=1e-5)
    mean = stats.entropy(weights @ both)
    assert row['im'] == pytest.approx(entropy - mean, rel=1e-5)
    assert row['flip_agreement'] == pytest.approx(100 * weights[1])
    assert row['teacher_agreement'] == 100
    assert row['snd'] == pytest.approx(math.log(15))  # each image the same


def test_the_sample_is_of_the_index_alone(banks):
    own = 3 * torch.randn(C, 60, 70)
    found = []
    for index, sampled in ((0, 500), (0, 500), (1, 500), (0, 4200)):
        criteria = criteria_of(banks, 2, ['entropy', 'snd'])
        criteria.sample_size = sampled
        plain = own.argmax(0)
        criteria.add(index, own, plain.expand(len(TAUS), -1, -1))
        found.append(criteria.measured()[0])
    assert found[0] == found[1]
    assert found[0]['entropy'] != found[2]['entropy']
    # a uniform sample: as the whole image, to its standard error
    error = stats.entropy(pixels(own, banks, 0.0), axis=1).std() / 500**0.5
    for sampled in found[:3]:
        assert abs(sampled['entropy'] - found[3]['entropy']) < 4 * error


def test_how_many_pixels_are_looked_at():
    assert sample_size(2) == sample_size(19) == 2**14
    assert 100 < sample_size(150) < sample_size(60) < 2**14
    assert sample_size(1000) == 100


def test_images_of_a_classifier_are_neighbours_of_each_other(banks):
    logits = 2 * torch.randn(12, C)
    images = [
        (own.view(C, 1, 1), dict(flip=own.view(C, 1, 1) + 0.3, part=None))
        for own in logits
    ]
    names = [n for n in CRITERIA if CRITERIA[n].view != 'part']

    def pass_over(indices):
        criteria = criteria_of(banks, 12, names, whole_images=True)
        for i in indices:
            own, views = images[i]
            found = tau_scores(own[None], criteria.table, TAUS, 0)
            criteria.add(i, own, found.squeeze(1), dict(flip=views['flip']))
        return criteria

    rows = pass_over(range(12)).measured()
    halves = pass_over(range(1, 12, 2))
    halves.merge(pass_over(range(0, 12, 2)))
    for tau, row, merged in zip(TAUS, rows, halves.measured(), strict=True):
        together = pixels(logits.T.unsqueeze(-1), banks, tau)
        density = soft_neighbourhood_density(torch.tensor(together))
        assert row['snd'] == pytest.approx(density, rel=1e-4)
        assert row['snd'] == merged['snd']
        entropy = stats.entropy(together, axis=1).mean()
        assert row['entropy'] == pytest.approx(entropy, rel=1e-4)
        assert row['flip_agreement'] is not None


def test_of_many_images_some_are_neighbours(banks, monkeypatch):
    from mmseg_balance.evaluation.unsupervised import tau_criteria

    monkeypatch.setattr(tau_criteria, 'IMAGES', 5)
    criteria = criteria_of(banks, 40, ['snd'], whole_images=True)
    for i in range(40):
        own = torch.randn(C, 1, 1)
        criteria.add(i, own, own.argmax(0).expand(len(TAUS), 1, 1))
    assert len(criteria.rows) == 5 and max(criteria.rows) > 5


def test_only_what_was_asked_for(banks, images):
    criteria = criteria_of(banks, 3, ['entropy', 'share_shift'])
    assert criteria.views == set()
    rows = take_in(criteria, images).measured()
    assert list(rows[0]) == ['tau', 'entropy', 'share_shift', 'shares']
    assert criteria_of(banks, 3, ['flip_iou']).views == {'flip'}


def test_logits_that_are_no_numbers_give_none(banks, images):
    images[1][0][0, 0, 0] = torch.nan
    row = take_in(criteria_of(banks, 3), images).measured()[1]
    assert row['entropy'] is None and row['im'] is None and row['snd'] is None
    assert row['mixture_bias'] is None  # not given
    assert row['share_shift'] is not None
