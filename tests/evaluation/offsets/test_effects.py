"""Effects of offsets, against loops over single pixels."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score, precision_score, recall_score

from mmseg_balance.evaluation.offsets.effects import MARGIN, OffsetEffects
from mmseg_balance.evaluation.offsets.moments import ClassMoments
from mmseg_balance.evaluation.offsets.report import (
    class_values,
    report_dict,
    report_text,
)
from mmseg_balance.evaluation.offsets.two_models import TwoModels
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.bias import class_bias, mixture_bias
from mmseg_balance.logits.offsets.offset import logit_offset

CLASSES = ['sky', 'road', 'car', 'sign']
C = len(CLASSES)


def fitted(targets=True):
    """Distributions; of the target, none of the last class."""
    generator = torch.Generator().manual_seed(0)
    found = LogitStatistics(C)
    for bank in (found.source, found.target, found.anchors):
        if bank is found.target and not targets:
            continue
        bank.means.normal_(0, 1.5, generator=generator)
        bank.variances.uniform_(0.2, 1.0, generator=generator)
        bank.num_updates.fill_(3)
        bank.step.fill_(4)
    if targets:
        found.target.num_updates[3] = 0
    return found


def images(labelled=True, size=(6, 7)):
    """Three images; the second class is never predicted."""
    generator = torch.Generator().manual_seed(1)
    found = []
    for _ in range(3):
        logits = torch.randn(C, *size, generator=generator) * 2
        logits[1] = -9
        labels = torch.randint(0, C, size, generator=generator)
        labels[0] = 255
        found.append((logits, labels if labelled else None))
    return found


def collected(statistics, pairs):
    effects = OffsetEffects(statistics, C)
    predictions = [effects.add(*pair) for pair in pairs]
    return effects, predictions


def pixel_offsets(statistics, pairs):
    """Offsets by group and class, each pixel by itself and without table."""
    found = {}
    banks = statistics.source, statistics.target
    for logits, labels in pairs:
        for y in range(logits.shape[1]):
            for x in range(logits.shape[2]):
                z = logits[:, y, x]
                order = z.argsort(descending=True)
                predicted, rival = int(order[0]), int(order[1])
                label = int(labels[y, x])
                for domain, bank in zip(
                    ('source', 'target'), banks, strict=True
                ):

                    def delta(c):
                        return logit_offset(
                            z[None],
                            torch.tensor([c]),
                            bank,  # noqa: B023
                            statistics.anchors,
                            grid_size=None,
                        )[0]

                    of = delta(predicted)
                    groups = dict(predicted=(predicted, of[predicted]))
                    groups[MARGIN] = predicted, of[predicted] - of[rival]
                    if label != 255:
                        right = label == predicted
                        name = 'right' if right else 'wrong'
                        groups[name] = predicted, of[predicted]
                        groups['labelled'] = label, delta(label)[label]
                    for group, (c, value) in groups.items():
                        values = found.setdefault((domain, group, c), [])
                        values.append(float(value))
    return found


def test_offsets_of_single_pixels():
    statistics, pairs = fitted(), images()
    effects, _ = collected(statistics, pairs)
    expected = pixel_offsets(statistics, pairs)
    for domain in ('source', 'target'):
        for group in ('labelled', 'predicted', 'right', 'wrong', MARGIN):
            mean, std = effects.offset(domain, group)
            for c in range(C):
                values = expected.get((domain, group, c), [])
                if not values or (domain == 'target' and c == 3):
                    assert math.isnan(mean[c]) and math.isnan(std[c])
                    continue
                # a table is right to 0.02 in the worst logit
                assert float(mean[c]) == pytest.approx(
                    np.mean(values), abs=5e-3
                )
                assert float(std[c]) == pytest.approx(np.std(values), abs=5e-3)
                assert effects.moments[domain, group].num_pixels[c] == len(
                    values
                )


def test_scores_are_those_of_scikit_learn():
    pairs = images()
    effects, predictions = collected(fitted(), pairs)
    labels = torch.stack([label for _, label in pairs]).flatten()
    flat = torch.stack(predictions).flatten()
    known = labels != 255
    truth, found = labels[known].numpy(), flat[known].numpy()
    kwargs = dict(labels=range(C), average=None)
    scores = effects.scores()
    precision = precision_score(truth, found, zero_division=np.nan, **kwargs)
    np.testing.assert_allclose(scores['precision'], precision)
    assert math.isnan(scores['precision'][1])  # never predicted
    np.testing.assert_allclose(
        scores['recall'], recall_score(truth, found, **kwargs)
    )
    np.testing.assert_allclose(
        scores['iou'], jaccard_score(truth, found, **kwargs)
    )
    # pixels without a label are predicted all the same
    shares = np.bincount(flat, minlength=C) / len(flat)
    np.testing.assert_allclose(scores['predicted'], shares)
    taken = effects.pair_shares()
    assert float(taken[2, 0]) == pytest.approx(np.mean(found[truth == 2] == 0))


def test_biases_and_support():
    statistics = fitted()
    effects, _ = collected(statistics, images())
    found = effects.biases()
    torch.testing.assert_close(
        found['bias_source'], mixture_bias(statistics.source)
    )
    assert math.isnan(found['bias_target'][3])
    torch.testing.assert_close(found['bias'], class_bias(effects.confusion))
    assert effects.support('source').tolist() == [0.75] * 4
    assert effects.support('target').tolist() == [0.75] * 3 + [0]


def test_without_labels_the_rest_is_the_same():
    statistics = fitted()
    effects, _ = collected(statistics, images())
    bare, _ = collected(statistics, images(labelled=False))
    all_values, values = class_values(effects), class_values(bare)
    assert values.keys() < all_values.keys()
    for key, value in values.items():
        torch.testing.assert_close(value, all_values[key], equal_nan=True)
    missing = all_values.keys() - values.keys()
    assert {'precision', 'recall', 'bias', 'target_wrong'} <= missing
    text = report_text(CLASSES, values)
    assert 'Precision' not in text.split('Percent.')[0]
    assert 'taken_for' not in report_dict(CLASSES, values, bare)


def test_a_target_that_was_never_fitted():
    effects, _ = collected(fitted(targets=False), images())
    values = class_values(effects)
    assert bool(values['target_predicted'].isnan().all())
    assert bool(values['bias_target'].isnan().all())
    assert not bool(values['source_labelled'].isnan().any())
    content = report_dict(CLASSES, values, effects)
    assert content['classes']['sky']['target_predicted'] is None


def test_images_of_a_classifier():
    """Of one pixel each."""
    effects = OffsetEffects(fitted(), C)
    for c in (0, 0, 2):
        logits = torch.zeros(C, 1, 1)
        logits[c] = 1
        effects.add(logits, torch.tensor([[0]]))
    assert effects.scores()['precision'][:3].nan_to_num(-1).tolist() == [
        1,
        -1,
        0,
    ]
    assert effects.scores()['recall'][0] == pytest.approx(2 / 3)


def test_moments():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(3, 50, generator=generator)
    classes = torch.randint(-1, 6, (3, 50), generator=generator)
    where = torch.rand(3, 50, generator=generator) < 0.7
    moments = ClassMoments(4)
    for part in zip(values, classes, where, strict=True):
        moments.add(*part)
    for c in range(4):
        own = values[(classes == c) & where].double().numpy()
        assert float(moments.mean[c]) == pytest.approx(own.mean())
        assert float(moments.std[c]) == pytest.approx(own.std())


def test_two_models():
    pairs = images()
    effects, first = collected(fitted(), pairs)
    generator = torch.Generator().manual_seed(5)
    both = TwoModels(C)
    triples = []
    for one, (_, labels) in zip(first, pairs, strict=True):
        moved = torch.rand(one.shape, generator=generator) < 0.4
        other = torch.where(moved, (one + 2) % C, one)
        both.add(one, other, labels)
        triples += zip(
            *(m.flatten().tolist() for m in (one, other, labels)), strict=True
        )
    totals, of_classes = both.totals(), both.by_class()
    same = np.mean([a == b for a, b, _ in triples])
    assert totals['agreement'] == pytest.approx(100 * same)
    # shares are from 0 to 1 in the file, as its units say
    content = report_dict(CLASSES, effects.scores(), effects, both)
    assert content['compared']['agreement'] == pytest.approx(same)
    differ = [t for t in triples if t[0] != t[1] and t[2] != 255]
    gained = np.mean([a == t for a, _, t in differ])
    lost = np.mean([b == t for _, b, t in differ])
    assert totals['gained'] == pytest.approx(100 * gained)
    assert totals['lost'] == pytest.approx(100 * lost)
    for c in range(C):
        own = [(b, t) for a, b, t in differ if a == c]
        if not own:
            assert math.isnan(of_classes['gained'][c])
            continue
        for key, share in (
            ('gained', np.mean([t == c for _, t in own])),
            ('lost', np.mean([b == t for b, t in own])),
            ('neither', np.mean([t not in (b, c) for b, t in own])),
        ):
            assert float(of_classes[key][c]) == pytest.approx(share)
    known = [(b, t) for _, b, t in triples if t != 255]
    other, truth = zip(*known, strict=True)
    np.testing.assert_allclose(
        of_classes['other_iou'],
        jaccard_score(truth, other, labels=range(C), average=None),
    )


def test_text_of_many_classes():
    names = [f'class {i}' for i in range(150)]
    values = {
        key: torch.rand(150).double()
        for key in ('predicted', 'bias_source', 'support_source')
    }
    text = report_text(names, values)
    assert '... 120 more ...' in text
    assert 'class 20' not in text and 'class 149' in text
