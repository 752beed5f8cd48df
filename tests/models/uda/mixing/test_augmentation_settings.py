"""What configs say of colours, and what None means."""

import dataclasses

import pytest
from mmengine.config import ConfigDict

from mmseg_balance.models.uda.mixing.augmentation_settings import (
    DACS_COLOURS,
    StrongAugmentationSettings,
    augmentation_settings,
    take_augmentation,
)


def test_what_a_config_may_give():
    stronger = StrongAugmentationSettings(jitter_strength=0.25)
    assert augmentation_settings(ConfigDict(jitter_strength=0.25)) == stronger
    assert augmentation_settings(stronger) is stronger
    assert augmentation_settings({}) == DACS_COLOURS
    assert augmentation_settings(None) is None
    with pytest.raises(TypeError, match='{} for the defaults.*got True'):
        augmentation_settings(True)
    with pytest.raises(ValueError, match=r"in \[0, 0.5\], but got '0.2'"):
        augmentation_settings(dict(jitter_strength='0.2'))
    with pytest.raises(ValueError, match="`drawn`.*'image'.*but got 'run'"):
        augmentation_settings(dict(drawn='run'))
    with pytest.raises(dataclasses.FrozenInstanceError):
        stronger.jitter_strength = 0.1


def test_names_of_0_1_0():
    arguments = dict(jitter_strength=0.4, predict_with='teacher')
    found = take_augmentation(DACS_COLOURS, arguments)
    assert found == StrongAugmentationSettings(jitter_strength=0.4)
    assert arguments == dict(predict_with='teacher')
    off = dict(strong_augmentation=False, jitter_strength=0.4)
    assert take_augmentation(DACS_COLOURS, off) is None
    assert take_augmentation(None, dict(strong_augmentation=True)) is None
    for old in dict(blur_probability=0), dict(strong_augmentation=False):
        with pytest.raises(ValueError, match=f'and {next(iter(old))}, which'):
            take_augmentation(dict(jitter_strength=0.4), dict(old))


@pytest.mark.parametrize(
    'kind, key',
    [
        ('MIC', 'masked_consistency'),
        ('AdaptSegNet', 'adversarial'),
        ('MinEnt', 'entropy'),
        ('MaxSquare', 'max_square'),
    ],
)
def test_none_for_a_part_that_a_method_always_has(build, kind, key, recwarn):
    """It goes on meaning the defaults, and says so."""
    for given in {}, {key: {}}:
        plain = build(kind, **given)
    assert not [w for w in recwarn if f'{key}=None' in str(w.message)]
    with pytest.warns(DeprecationWarning, match=f'{key}=None of {kind} does'):
        model = build(kind, **{key: None})
    kinds = [[type(o) for o in m.objectives] for m in (model, plain)]
    assert kinds[0] == kinds[1]
