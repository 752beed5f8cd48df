"""Settings at the ends of their ranges, and what lies beyond."""

import pytest
import torch
from mmengine.logging import MessageHub
from torch import nn

from mmseg_balance.models.uda.checks.settings import check_predictor
from mmseg_balance.models.uda.mixing.photometric import StrongAugmentation
from mmseg_balance.models.uda.objectives import (
    CrossAttentionObjective,
    EntropyObjective,
    MaskedObjective,
)
from mmseg_balance.models.uda.optimization.log import to_host
from mmseg_balance.models.uda.optimization.sequential_backward import (
    named_optimizers,
    split_optimizers,
)


@pytest.mark.parametrize('alpha', [0, 0.5, 0.9999])
def test_momenta_in_range(alpha):
    check_predictor('teacher', alpha)
    check_predictor('student', alpha)


@pytest.mark.parametrize('alpha', [-0.1, 1, 1.0, '0.9', True, float('nan')])
def test_momenta_out_of_range(alpha):
    with pytest.raises(ValueError, match='`alpha`'):
        check_predictor('student', alpha)


@pytest.mark.parametrize('name', ['teacher', 'both'])
def test_without_a_teacher_the_student_predicts(name):
    check_predictor('student', None)
    with pytest.raises(ValueError, match=f'`predict_with`.*{name!r}'):
        check_predictor(name, None)


@pytest.mark.parametrize(
    'build',
    [
        lambda: MaskedObjective(block_size=1, mask_ratio=0, loss_weight=0),
        lambda: MaskedObjective(mask_ratio=0.999),
        lambda: CrossAttentionObjective(loss_weight=0, attention_weight=0),
        lambda: EntropyObjective(loss_weight=0, auxiliary_loss_weight=0),
        lambda: EntropyObjective('image_weighted_max_square', ratio=0),
        lambda: EntropyObjective('image_weighted_max_square', ratio=1),
        lambda: StrongAugmentation(torch.ones(3), torch.ones(3), 0, 0, 0),
        lambda: StrongAugmentation(torch.ones(1), torch.ones(1), 1, 0.5, 1),
    ],
)
def test_the_ends_of_the_ranges_are_taken(build):
    assert isinstance(build(), nn.Module)


def test_density_may_have_no_weight(build):
    loss = dict(type='BLDALoss', num_classes=4)
    model = build(loss=loss, density_estimation=dict(loss_weight=0))
    assert model.density.loss_weight == 0


def test_the_objective_that_masks_says_what_it_needs():
    for domains, target, mixed in (
        ('target', True, False),
        ('source', False, False),
        ('both', True, True),
    ):
        objective = MaskedObjective(domains=domains)
        assert objective.needs_target is target
        assert objective.mixes_domains is mixed


def test_a_log_is_of_floats_and_totals_are_added_up():
    logs = {
        'src.loss': torch.tensor(1.5),
        'src.decode.loss_ce': torch.tensor(1.0),
        'mix.loss': torch.tensor(2.0, dtype=torch.float64),
        'mix.confident': torch.tensor(float('nan')),
    }
    found = to_host(logs, ['src.loss', 'mix.loss'])
    assert found.pop('mix.confident') != 0  # NaN is no loss
    assert found == {'loss': 3.5, 'src.decode.loss_ce': 1.0}
    assert all(type(value) is float for value in found.values())


def test_a_single_optimizer_moves_the_student():
    wrapper = object()
    assert named_optimizers(wrapper, ['student']) == dict(student=wrapper)
    with pytest.raises(TypeError, match='has one optimizer'):
        named_optimizers(wrapper, ['student', 'critic'])
    with pytest.warns(DeprecationWarning, match='named_optimizers'):
        assert split_optimizers(wrapper, False) == (wrapper, None)


def test_a_broken_loss_names_the_iteration_that_is_running():
    hub = MessageHub.get_instance('a_broken_loss')
    hub.update_info('iter', 41)
    logs = {
        'src.loss': torch.tensor(1.0),
        'src.loss_ce': torch.tensor(-torch.inf),
    }
    with pytest.raises(
        FloatingPointError,
        match=r'^Iteration 42: src.loss_ce = -inf. Training',
    ):
        to_host(logs, ['src.loss'])
