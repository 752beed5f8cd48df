"""What a config leaves away is as published.

Papers' and public codes' numbers: DACS and DAFormer
(https://github.com/lhoyer/DAFormer), MIC (https://github.com/lhoyer/MIC),
CDAC (https://github.com/wangkaihong/CDAC), AdvEnt and MinEnt
(https://github.com/valeoai/ADVENT), maximum squares
(https://github.com/ZJULearning/MaxSquareLoss).
"""

import inspect

import pytest

from mmseg_balance.models.uda import methods
from mmseg_balance.models.uda.adversaries.discriminator import FCDiscriminator
from mmseg_balance.models.uda.density.density_estimation import (
    DensityEstimation,
)
from mmseg_balance.models.uda.distances.attention_consistency import (
    attention_divergence,
)
from mmseg_balance.models.uda.distances.feature_distance import FeatureDistance
from mmseg_balance.models.uda.entropy import weighted_entropy
from mmseg_balance.models.uda.entropy.self_information import (
    image_weighted_max_square,
)
from mmseg_balance.models.uda.mixing.augmentation_settings import (
    StrongAugmentationSettings,
)
from mmseg_balance.models.uda.objectives import (
    AdversarialObjective,
    CrossAttentionObjective,
    EntropyObjective,
    MaskedObjective,
)
from mmseg_balance.models.uda.teacher.pseudo_labels import (
    PseudoLabeler,
    pseudo_labels,
)

COLOURS = dict(
    jitter_probability=0.8, jitter_strength=0.2, blur_probability=0.5
)
AUGMENTATION = StrongAugmentationSettings(**COLOURS)
MARGINS = dict(ignore_top=0, ignore_bottom=0)
DEFAULTS = [
    (StrongAugmentationSettings, COLOURS),
    (PseudoLabeler, dict(threshold=0.968, weighting='batch', **MARGINS)),
    (pseudo_labels, dict(weighting='batch', **MARGINS)),
    (FeatureDistance, dict(loss_weight=0.005, min_ratio=0.75)),
    (DensityEstimation, dict(loss_weight=0.2, norm='l2')),
    (
        MaskedObjective,
        dict(
            block_size=64,
            mask_ratio=0.7,
            loss_weight=1.0,
            norm_statistics=True,
            augmentation=AUGMENTATION,
            domains='target',
        ),
    ),
    (
        AdversarialObjective,
        dict(
            inputs='softmax',
            loss_type='bce',
            loss_weight=0.001,
            auxiliary_loss_weight=0.0002,
        ),
    ),
    (
        EntropyObjective,
        dict(kind='entropy', loss_weight=0.001, auxiliary_loss_weight=0.0002),
    ),
    (
        CrossAttentionObjective,
        dict(
            augmentation=AUGMENTATION,
            loss_weight=0.5,
            attention_weight=1.0,
        ),
    ),
    (attention_divergence, dict(one_domain=True)),
    (FCDiscriminator, dict(base_channels=64)),
    (image_weighted_max_square, dict(ratio=0.2)),
    (
        weighted_entropy.WeightedEntropy,
        dict(regularization=1.0, mode='normalized', class_loss='channel'),
    ),
    (
        methods.DACS,
        dict(alpha=0.99, augmentation=AUGMENTATION),
    ),
    (methods.DAFormer, dict(alpha=0.999)),
    (methods.HRDA, dict(alpha=0.999)),
    (
        methods.CDAC,
        dict(alpha=0.999, augmentation=AUGMENTATION),
    ),
    (
        methods.UDASegmentor,
        dict(
            alpha=None,
            pseudo_threshold=0.968,
            pseudo_weighting='batch',
            pseudo_balance=None,
            predict_with='student',
            density_estimation=None,
            **MARGINS,
        ),
    ),
]


@pytest.mark.parametrize(
    'owner, expected', DEFAULTS, ids=[owner.__name__ for owner, _ in DEFAULTS]
)
def test_defaults(owner, expected):
    found = inspect.signature(owner).parameters
    assert {name: found[name].default for name in expected} == expected


def test_maximum_squares_weigh_more_than_entropy(build):
    objective = build('MaxSquare').objectives[1]
    assert (objective.kind, objective.loss_weight) == ('max_square', 0.1)
    assert objective.auxiliary_loss_weight == 0
    assert build('MinEnt').objectives[1].kind == 'entropy'


THINGS = dict(classes=[1])


@pytest.mark.parametrize(
    'kind, settings',
    [('DACS', {}), ('DAFormer', dict(feature_distance=THINGS)), ('MIC', {})],
)
def test_colours_of_a_method_reach_its_images(build, kind, settings):
    given = dict(
        jitter_probability=0.1, jitter_strength=0.3, blur_probability=0.4
    )
    # as 0.1.0 named them, and as one
    for arguments in given, dict(augmentation=given):
        model = build(kind, **settings, **arguments)
        for objective in model.objectives[1:]:
            augmentation = objective.augmentation
            assert {k: getattr(augmentation, k) for k in given} == given
            assert augmentation.mean.flatten().tolist() == [120] * 3
            assert augmentation.std.flatten().tolist() == [60] * 3
    for off in dict(strong_augmentation=False), dict(augmentation=None):
        plain = build(kind, **settings, **off)
        for objective in plain.objectives[1:]:
            assert type(objective.augmentation).__name__ == 'Identity'
