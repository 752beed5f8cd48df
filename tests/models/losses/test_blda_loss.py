"""BLDALoss against the public code, and in heads, states and odd batches."""

import copy

import pytest
import torch
import torch.nn.functional as F
from helpers.public_banks import assert_bank, load_bank
from helpers.reference import reference, whole_files
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.logits import logit_offset
from mmseg_balance.models.losses import BLDALoss

FILES = (
    'blda_loss_source_C6_r01',
    'blda_loss_mixed_C6_r01',
    *whole_files('blda_loss_source_C19_r01', 'blda_loss_mixed_C19_r01'),
)
# of each call of the replayed training; a part of them is kept
PIXELS = 2 * 32 * 32


def load_loss(data, **kwargs) -> BLDALoss:
    """A loss whose statistics are in the state of the arrays."""
    size = int(data['num_classes'])
    loss = BLDALoss(size, tau=float(data['t']), **kwargs)
    loss.statistics.source = load_bank(data, 's_', (size, size))
    loss.statistics.target = load_bank(data, 't_', (size, size))
    loss.statistics.anchors = load_bank(data, 'a_', (2,))
    # the public code does not count theirs, and aligns with them always
    loss.statistics.anchors.num_updates.fill_(1)
    return loss


@pytest.mark.parametrize('file', FILES)
@pytest.mark.parametrize('grid_size', [None, 512])
def test_loss_and_gradient_agree_with_the_public_code(file, grid_size):
    data = reference(file)
    loss = load_loss(data, grid_size=grid_size)
    weight = data.get('weight')
    target = None if weight is None else weight != 1
    logits = data['logits'].requires_grad_()
    value = loss(
        logits, data['label'], weight=weight, target_mask=target, collect=False
    )
    value.backward()
    torch.testing.assert_close(
        value.detach(), data['loss_seg'], rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(
        logits.grad, data['grad_logits'], rtol=1e-4, atol=1e-4
    )
    scale = data['grad_logits'].abs().max()
    assert (logits.grad - data['grad_logits']).abs().max() < 1e-4 * scale


def test_a_confident_teacher_does_not_make_target_pixels_source():
    """Where the public code guesses the domain from weight == 1."""
    data = reference('blda_loss_mixed_allone_C6_r01')
    loss = load_loss(data)
    logits, labels, weight = (data[k] for k in ('logits', 'label', 'weight'))
    source = loss(
        logits,
        labels,
        weight=weight,
        collect=False,
        target_mask=torch.zeros_like(labels).bool(),
    )
    torch.testing.assert_close(source, data['loss_seg'], rtol=1e-4, atol=1e-4)
    target = loss(
        logits,
        labels,
        weight=weight,
        collect=False,
        target_mask=torch.ones_like(labels).bool(),
    )
    assert abs(target - source) > 5e-3


@pytest.mark.parametrize(
    'file', ['blda_loss_trace_C6', *whole_files('blda_loss_trace_C6')]
)
def test_replay_of_the_public_codes_training(file):
    """Four iterations, bank by bank, on the samples that it drew."""
    data = reference(file)
    banks = {
        name: load_bank(data, f'init_{name}_', shape)
        for name, shape in (('s', (6, 6)), ('t', (6, 6)), ('a', (2,)))
    }
    loops = int(data['hyper_em_loops'])
    for i in range(4):
        for call, bank in (('src', 's'), ('mix', 't')):
            key = f'it{i}_{call}_'
            if call == 'src':
                banks['a'].update(
                    data[f'{key}anchor_data'],
                    data[f'{key}anchor_mask'].bool(),
                    loops,
                )
                assert_bank(banks['a'], data, f'{key}after_a_')
            if f'{key}class_data' in data:
                banks[bank].update(
                    data[f'{key}class_data'],
                    data[f'{key}class_mask'].bool(),
                    loops,
                )
            assert_bank(banks[bank], data, f'{key}after_{bank}_')
            labels = data[f'{key}label']
            weight = data.get(f'{key}weight')
            offset = logit_offset(
                data[f'{key}logits'],
                labels,
                banks['s'],
                banks['a'],
                grid_size=None,
            )
            if call == 'mix':
                target = logit_offset(
                    data[f'{key}logits'],
                    labels,
                    banks['t'],
                    banks['a'],
                    grid_size=None,
                )
                offset = torch.where((weight != 1)[:, None], target, offset)
                offset = offset * (weight != 0)[:, None]
            torch.testing.assert_close(
                offset, data[f'{key}delta'], rtol=1e-4, atol=1e-4
            )
            logits = data[f'{key}logits'].clone().requires_grad_()
            adjusted = logits - float(data['hyper_t']) * offset
            value = F.cross_entropy(
                adjusted, labels, reduction='none', ignore_index=255
            )
            if weight is not None:
                value = value * weight
            (value.sum() / PIXELS).backward()
            torch.testing.assert_close(
                logits.grad, data[f'{key}grad_logits'], rtol=1e-4, atol=1e-6
            )


def batch(num_classes=5, size=24):
    labels = torch.randint(num_classes, (2, size, size))
    logits = torch.randn(2, num_classes, size, size)
    logits += 4 * F.one_hot(labels, num_classes).movedim(-1, 1)
    labels[:, 0] = 255
    return logits, labels


def trained(**kwargs) -> BLDALoss:
    """A loss whose statistics have seen source and target."""
    loss = BLDALoss(5, min_samples=20, **kwargs)
    for _ in range(3):
        logits, labels = batch()
        loss(logits, labels)
        logits, labels = batch()
        loss(logits + 1, labels, target_mask=torch.rand(labels.shape) < 0.7)
        loss.update_statistics()
    return loss


def test_before_the_first_update_it_is_its_criterion():
    logits, labels = batch()
    loss = BLDALoss(5)
    assert loss(logits, labels) == MODELS.build(dict(type='CrossEntropyLoss'))(
        logits, labels, ignore_index=255
    )


def test_it_subtracts_tau_times_the_offset():
    loss = trained(tau=0.5, loss_weight=2.0)
    logits, labels = batch()
    offset = logit_offset(
        logits, labels, loss.statistics.source, loss.statistics.anchors
    )
    expected = F.cross_entropy(
        logits - 0.5 * offset, labels, ignore_index=255, reduction='none'
    ).mean()
    torch.testing.assert_close(loss(logits, labels), 2 * expected)
    assert loss.loss_name == 'loss_blda'


def test_adjusting_the_source_alone_leaves_mixed_batches_as_they_are():
    """OLA_S of Table 4; both banks are fed all the same."""
    torch.manual_seed(0)
    both = BLDALoss(3, tau=1.0, min_samples=1)
    alone = BLDALoss(3, tau=1.0, min_samples=1, adjust='source')
    logits, labels = torch.randn(2, 3, 8, 8), torch.randint(3, (2, 8, 8))
    mask = torch.rand(labels.shape) < 0.5
    for loss in (both, alone):
        loss(logits, labels)
        loss(logits, labels, target_mask=mask)
        loss.update_statistics()
    alone.load_state_dict(both.state_dict())
    assert alone(logits, labels) == both(logits, labels)
    plain = F.cross_entropy(logits, labels)
    torch.testing.assert_close(alone(logits, labels, target_mask=mask), plain)
    assert both(logits, labels, target_mask=mask) != plain
    alone.update_statistics()
    assert bool((alone.statistics.target.num_updates == 2).all())


def test_pixel_by_pixel_the_domain_chooses_the_bank():
    loss = trained(tau=1.0)
    logits, labels = batch()
    target = torch.rand(labels.shape) < 0.5
    weight = torch.rand(labels.shape)
    mixed = loss(logits, labels, weight, target_mask=target, collect=False)
    apart = loss(logits, labels, weight * ~target, collect=False) + loss(
        logits,
        labels,
        weight * target,
        collect=False,
        target_mask=torch.ones_like(target),
    )
    torch.testing.assert_close(mixed, apart)


def test_tau_0_and_collect_false_and_eval():
    loss = trained(tau=0.0)
    logits, labels = batch()
    torch.testing.assert_close(
        loss(logits, labels),
        F.cross_entropy(
            logits, labels, ignore_index=255, reduction='none'
        ).mean(),
    )
    loss.update_statistics()
    loss(logits, labels, collect=False)
    loss.eval()(logits, labels)
    assert loss.statistics.num_pending == 0
    loss.train()(logits, labels)
    assert loss.statistics.num_pending == 1


@MODELS.register_module()
class HardPixelLoss(torch.nn.Module):
    """A pixel loss of a user's own."""

    def forward(self, logits, labels, weight=None, ignore_index=255):
        loss = (
            F.cross_entropy(
                logits, labels, ignore_index=ignore_index, reduction='none'
            )
            ** 2
        )
        return (loss if weight is None else loss * weight).mean()


@pytest.mark.parametrize(
    'criterion',
    [
        dict(type='HardPixelLoss'),
        dict(type='CrossEntropyLoss', avg_non_ignore=True),
    ],
)
def test_any_registered_pixel_loss_is_a_criterion(criterion):
    loss = trained(criterion=criterion)
    logits, labels = batch()
    offset = logit_offset(
        logits, labels, loss.statistics.source, loss.statistics.anchors
    )
    expected = MODELS.build(criterion)(
        logits - 0.1 * offset, labels, ignore_index=255
    )
    torch.testing.assert_close(loss(logits, labels), expected)


def test_statistics_survive_the_state_dict():
    loss = trained()
    other = BLDALoss(5)
    other.load_state_dict(copy.deepcopy(loss.state_dict()))
    logits, labels = batch()
    assert other(logits, labels) == loss(logits, labels)


def test_float32_under_autocast():
    loss = trained()
    logits, labels = batch()
    logits = logits.bfloat16()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = loss(logits, labels)
    assert value.dtype == torch.float32
    assert value == loss(logits.float(), labels)
    samples, _ = loss.statistics._pending.samples['source'][0]
    assert samples.dtype == torch.float32


def head_cfg(kind='FCNHead', **kwargs):
    return dict(
        type=kind,
        in_channels=8,
        channels=8,
        num_classes=5,
        num_convs=1,
        loss_decode=dict(type='BLDALoss', num_classes=5, min_samples=20),
        **kwargs,
    )


def samples(labels):
    made = []
    for label in labels:
        sample = SegDataSample()
        sample.gt_sem_seg = PixelData(data=label[None])
        made.append(sample)
    return made


def test_it_serves_mmseg_heads_in_supervised_training():
    head = MODELS.build(head_cfg())
    features = [torch.randn(2, 8, 12, 12)]
    _, labels = batch()
    optimizer = torch.optim.SGD(head.parameters(), 0.1)
    for _ in range(3):
        losses = head.loss(features, samples(labels), None)
        assert set(losses) == {'loss_blda', 'acc_seg'}
        optimizer.zero_grad()
        losses['loss_blda'].backward()
        optimizer.step()
        head.loss_decode.update_statistics()
    assert head.loss_decode.statistics.source.step == 3
    assert head.loss_decode.statistics.target.step == 0


def test_a_head_with_another_number_of_classes():
    loss = BLDALoss(6)
    logits, labels = batch()
    with pytest.raises(ValueError, match='num_classes=6.*5 logits'):
        loss(logits, labels)


@pytest.mark.parametrize(
    'labels', [torch.full((2, 24, 24), 255), torch.full((2, 24, 24), 3)]
)
def test_batches_without_or_with_one_class_train_on(labels):
    loss = BLDALoss(5, min_samples=20)
    for _ in range(3):
        logits = torch.randn(2, 5, 24, 24, requires_grad=True)
        for mask in (None, torch.ones_like(labels).bool()):
            value = loss(logits, labels, target_mask=mask)
            value.backward()
            assert value.isfinite() and logits.grad.isfinite().all()
        loss.update_statistics()


def test_samples_without_an_update_are_warned_of_and_bounded():
    loss = BLDALoss(5, min_samples=20)
    for _ in range(4):
        loss(*batch())
    with pytest.warns(UserWarning, match='GMMUpdateHook'):
        loss(*batch())
    assert loss.statistics.num_pending == 4


def test_no_table_gives_the_direct_offset():
    loss = trained(tau=1.0)
    direct = BLDALoss(5, tau=1.0, grid_size=None)
    direct.load_state_dict(loss.state_dict())
    logits, labels = batch()
    for mask in (None, torch.rand(labels.shape) < 0.5):
        given = direct(logits, labels, target_mask=mask)
        assert abs(given - loss(logits, labels, target_mask=mask)) < 1e-3


def test_statistics_leave_other_random_draws_alone():
    loss = trained()
    torch.manual_seed(3)
    loss(*batch())
    drawn = torch.rand(4)
    torch.manual_seed(3)
    loss(*batch(), collect=False)
    assert torch.equal(drawn, torch.rand(4))


def test_calls_without_gradient_are_no_samples():
    """So a sampler of hard pixels calls the losses of its head."""
    loss = BLDALoss(5, min_samples=20)
    with torch.no_grad():
        loss(*batch())
    assert loss.statistics.num_pending == 0


@pytest.mark.parametrize(
    'kwargs, word',
    [
        (dict(tau=-1), 'tau'),
        (dict(tau=float('nan')), 'tau'),
        (dict(tau='0.1'), 'tau'),
        (dict(grid_size=3), 'grid_size'),
        (dict(momentum=1.5), 'momentum'),
        (dict(clip=0.6), 'clip'),
        (dict(num_components=0), 'num_components'),
    ],
)
def test_settings_out_of_range(kwargs, word):
    with pytest.raises(ValueError, match=f'`{word}`.*{kwargs[word]}'):
        BLDALoss(5, **kwargs)


def test_a_compiled_model_is_not_compiled_again_after_updates():
    torch._dynamo.reset()
    torch.manual_seed(0)
    loss = BLDALoss(3, min_samples=1)
    layer = torch.nn.Conv2d(3, 3, 1)
    compiled = []

    def backend(graph, inputs):
        compiled.append(graph)
        return graph.forward

    def step(images, labels):
        return loss(layer(images), labels)

    fast = torch.compile(step, backend=backend)
    images, labels = torch.randn(2, 3, 8, 8), torch.randint(3, (2, 8, 8))
    numbers = []
    for _ in range(4):
        value = fast(images, labels)
        loss.statistics._pending.clear()
        torch.testing.assert_close(value, step(images, labels))
        value.backward()
        loss.update_statistics()
        numbers.append(len(compiled))
    assert layer.weight.grad.abs().sum() > 0
    # one more for the first call with statistics at most
    assert numbers[0] >= 1 and numbers[1:] == [numbers[1]] * 3
