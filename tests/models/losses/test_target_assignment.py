"""BLDALoss whose target distributions follow the teacher's probabilities."""

import numpy as np
import pytest
import torch
from scipy.special import ndtri, softmax
from scipy.stats import norm

from mmseg_balance.models.head_losses.sampled_labels import sample_labels
from mmseg_balance.models.losses import BLDALoss

CLASSES, SIDE = 3, 300
LOOPS, COMPONENTS = 3, 2


def images(seed=0):
    """Logits of a student, and of a teacher that confuses classes 1 and 2."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    truth = torch.randint(CLASSES, (1, SIDE, SIDE), generator=generator)
    signal = torch.nn.functional.one_hot(truth, CLASSES).movedim(-1, 1)
    teacher = 1.5 * signal + normal(1, CLASSES, SIDE, SIDE)
    teacher[:, 1] += 1.5 * (truth == 2)  # nearly all of 2 is called 1
    student = 3 * signal + normal(1, CLASSES, SIDE, SIDE)
    return student, teacher


def weighted_em(values, weights):
    """EM of Alg. 1 with a weight for each sample, from the normal quantiles.

    Args:
        values, weights: (n,).

    Returns:
        Weights, means and variances, (K,) each.
    """
    total = weights.sum()
    mean = (weights * values).sum() / total
    variance = (weights * values**2).sum() / total - mean**2
    quantiles = ndtri((np.arange(COMPONENTS) + 0.5) / COMPONENTS)
    means = mean + variance**0.5 * quantiles
    variances = np.full(COMPONENTS, variance)
    mixing = np.full(COMPONENTS, 1 / COMPONENTS)
    for _ in range(LOOPS):
        shares = np.stack(
            [
                mixing[k] * norm.pdf(values, means[k], variances[k] ** 0.5)
                for k in range(COMPONENTS)
            ]
        )
        shares = shares / shares.sum(0) * weights
        count = shares.sum(1)
        means = (shares * values).sum(1) / count
        variances = (shares * values**2).sum(1) / count - means**2
        mixing = count / total
    return mixing, means, variances


def weights_of(assignment, probabilities, threshold):
    """(C, pixels)."""
    weights = probabilities.copy()
    if assignment != 'soft':
        labels = probabilities.argmax(0)
        own = np.arange(CLASSES)[:, None] == labels
        weights = own * (1 if assignment == 'hard' else probabilities)
    return weights * (probabilities.max(0) >= (threshold or 0))


@pytest.mark.parametrize(
    'assignment, threshold',
    [('hard', None), ('soft', None), ('confidence', None),
     ('hard', 0.6), ('soft', 0.6), ('confidence', 0.6)],
)  # fmt: skip
def test_mixtures_are_those_of_a_weighted_em(assignment, threshold):
    student, teacher = images()
    loss = BLDALoss(
        CLASSES,
        num_components=COMPONENTS,
        em_loops=LOOPS,
        warmup=0,
        momentum=0.0,
        min_samples=1,
        max_samples=SIDE**2,
        target_assignment=assignment,
        target_threshold=threshold,
    )
    loss(
        student.requires_grad_(),
        teacher.argmax(1),
        target_mask=torch.ones(1, SIDE, SIDE, dtype=torch.bool),
        sampled_labels=sample_labels(teacher),
    )
    loss.update_statistics()
    bank = loss.statistics.target
    values = student.detach().double().numpy().reshape(CLASSES, -1)
    probabilities = softmax(
        teacher.double().numpy().reshape(CLASSES, -1), axis=0
    )
    weights = weights_of(assignment, probabilities, threshold)
    for c in range(CLASSES):
        for l in range(CLASSES):  # noqa: E741
            expected = weighted_em(values[l], weights[c])
            found = [p[c, l].double().numpy() for p in bank.parameters_]
            # N_sample, the pixels of the rarest class, are drawn: 1,500 of
            # class 2 at least
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, atol=0.2)
            means = [(w * m).sum() for w, m, _ in (found, expected)]
            assert abs(means[0] - means[1]) < 0.07


def test_of_a_calibrated_teacher_they_are_those_of_the_true_classes():
    """A rare class that argmax calls another, and whose tail alone is left."""
    prior = torch.tensor([0.6, 0.37, 0.03])
    centre = torch.tensor([0.0, 2.0, 3.0])
    truth = torch.multinomial(prior, SIDE**2, True).view(1, SIDE, SIDE)
    seen = centre[truth] + torch.randn(truth.shape)
    distance = seen.unsqueeze(1) - centre.view(1, 3, 1, 1)
    teacher = prior.log().view(1, 3, 1, 1) - distance.square() / 2
    student = 0.3 * torch.randn(1, CLASSES, SIDE, SIDE) - distance.abs()
    own = {
        (c, z): student[:, z][truth == c].mean()
        for c in range(CLASSES)
        for z in range(CLASSES)
    }
    errors = {}
    for assignment in ('hard', 'soft'):
        loss = BLDALoss(
            CLASSES, warmup=0, min_samples=20, target_assignment=assignment
        )
        loss(
            student.clone().requires_grad_(),
            teacher.argmax(1),
            target_mask=torch.ones(1, SIDE, SIDE, dtype=torch.bool),
            sampled_labels=sample_labels(teacher),
        )
        loss.update_statistics()
        bank = loss.statistics.target
        assert (bank.num_updates == 1).all()
        means = (bank.weights * bank.means).sum(-1)
        errors[assignment] = max(abs(means[k] - own[k]) for k in own)
    assert errors['soft'] < 0.15
    assert errors['hard'] > 1  # of the rare class


def run(loss, steps=3, **extra):
    """Train a loss on its own, and give its statistics."""
    for seed in range(steps):
        torch.manual_seed(seed)
        student, teacher = images(seed)
        target = torch.rand(1, SIDE, SIDE) < 0.7
        loss(student.clone().requires_grad_(), teacher.argmax(1))
        given = {k: make(teacher) for k, make in extra.items()}
        loss(
            student.requires_grad_(),
            teacher.argmax(1),
            target_mask=target,
            **given,
        )
        loss.update_statistics()
    return loss.state_dict(), torch.rand(3)


@pytest.mark.parametrize('assignment', ['hard', 'soft', 'confidence'])
def test_sure_teachers_and_the_default_change_nothing(assignment):
    expected, drawn = run(BLDALoss(CLASSES))
    loss = BLDALoss(CLASSES, target_assignment=assignment)

    def sure(teacher):
        return sample_labels(1e4 * teacher)

    found, also_drawn = run(loss, sampled_labels=sure)
    assert torch.equal(drawn, also_drawn)
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


@pytest.mark.parametrize('settings', [{}, dict(collect_over=3, warmup=2)])
def test_the_source_and_its_anchors_are_as_they_were(settings):
    expected, drawn = run(BLDALoss(CLASSES, **settings))
    loss = BLDALoss(CLASSES, target_assignment='soft', **settings)
    found, also_drawn = run(loss, sampled_labels=sample_labels)
    assert torch.equal(drawn, also_drawn)
    changed = {k for k in expected if not torch.equal(expected[k], found[k])}
    assert 'statistics.target.means' in changed
    assert all('target' in name for name in changed)


def test_target_pixels_without_a_teacher_are_refused():
    loss = BLDALoss(CLASSES, target_assignment='soft')
    assert "target_assignment='soft', target_threshold=None" in repr(loss)
    assert 'target' not in BLDALoss(CLASSES).extra_repr()
    student, teacher = images()
    mask = torch.ones(1, SIDE, SIDE, dtype=torch.bool)
    given = student.requires_grad_(), teacher.argmax(1)
    loss(*given)  # source pixels need none, nor does what is not counted
    loss(*given, target_mask=mask, collect=False)
    with pytest.raises(ValueError, match="'soft'.*step.pseudo.sampled"):
        loss(*given, target_mask=mask)
