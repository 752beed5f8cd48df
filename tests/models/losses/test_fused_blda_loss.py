"""BLDALoss on fused kernels, interpreted, against PyTorch's way."""

import copy

import pytest
import torch
from helpers.offset_tables import random_pixels
from mmseg.registry import MODELS

from mmseg_balance.logits import host
from mmseg_balance.models.losses import BLDALoss
from mmseg_balance.models.recording import OFFSET, noted_in, recording

pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered')

CLASSES = 5


@pytest.fixture(autouse=True)
def _as_on_a_gpu(monkeypatch):
    """A CPU leaves finer cells out."""
    monkeypatch.setattr(host, 'on_host', lambda _: False)


def update(loss) -> None:
    """Bring statistics and table up to date by PyTorch, which is faster."""
    kernels, loss.statistics.kernels = loss.statistics.kernels, 'torch'
    loss.update_statistics()
    if loss.statistics.grid_size is not None:
        assert loss.statistics.table is not None
    loss.statistics.kernels = kernels


def pair(**kwargs) -> list[BLDALoss]:
    """The same loss on kernels and on PyTorch, with fitted statistics."""
    torch.manual_seed(0)
    settings = dict(min_samples=5, warmup=0, grid_size=40) | kwargs
    loss = BLDALoss(CLASSES, kernels='torch', **settings)
    for _ in range(2):
        logits, labels, mask = random_pixels(CLASSES, 12, 12)
        # MMSegmentation looks weights of classes up, those of 255 as well
        labels.clamp_(max=CLASSES - 1)
        loss(logits, labels)
        loss(logits + 1, labels, target_mask=mask)
        update(loss)
    fused = copy.deepcopy(loss)
    if fused.statistics.grid_size is not None:
        # a copy has no table as yet: PyTorch builds it, which is faster
        assert fused.statistics.table is not None
    fused.statistics.kernels = 'triton'
    return [fused, loss]


def results(loss, logits, labels, mask=None, weight=None, **kwargs):
    """Value, gradient, and the samples that were taken."""
    torch.manual_seed(1)
    z = logits.clone().requires_grad_()
    value = loss(z, labels, weight, target_mask=mask, **kwargs)
    value.sum().backward()
    pending = loss.statistics.num_pending
    loss.statistics._pending.clear()
    return value.detach(), z.grad, torch.tensor(pending)


def assert_alike(losses, *batch, **kwargs):
    found, expected = (results(loss, *batch, **kwargs) for loss in losses)
    for one, other in zip(found, expected, strict=True):
        # gradients in bfloat16 may be rounded to one neighbour or the other
        low = one.dtype in (torch.bfloat16, torch.float16)
        rtol = 2 * torch.finfo(one.dtype).eps if low else 1e-5
        torch.testing.assert_close(one, other, rtol=rtol, atol=1e-5)
    return found


CRITERIA = {
    'plain': {},
    'non-ignored': dict(avg_non_ignore=True),
    'weighted classes': dict(class_weight=[1.0, 0.5, 2.0, 0.1, 3.0]),
    'weighted loss': dict(loss_weight=0.4, reduction='sum'),
}


@pytest.mark.parametrize('name', [*CRITERIA])
@pytest.mark.filterwarnings('ignore:To copy construct')
def test_cross_entropies(name):
    criterion = dict(type='CrossEntropyLoss', **CRITERIA[name])
    losses = pair(tau=0.5, criterion=criterion, loss_weight=2.0)
    logits, labels, mask = random_pixels(CLASSES, 8, 9)
    if name == 'weighted classes':
        labels.clamp_(max=CLASSES - 1)
    value, *_ = assert_alike(losses, logits, labels)
    weight = torch.rand(labels.shape)
    mixed, *_ = assert_alike(losses, logits, labels, mask, weight)
    assert mixed != value


@pytest.mark.parametrize('kind', ['GBWLoss', 'SoftmaxFocalLoss'])
def test_other_criteria_have_the_lookup_alone(kind):
    losses = pair(tau=0.5, criterion=dict(type=kind))
    assert_alike(losses, *random_pixels(CLASSES, 8, 9))


@pytest.mark.parametrize(
    'settings', [dict(tau=0.0), dict(adjust='source'), dict(grid_size=None)]
)
def test_settings(settings):
    losses = pair(**settings)
    logits, labels, mask = random_pixels(CLASSES, 8, 9)
    assert_alike(losses, logits, labels)
    assert_alike(losses, logits, labels, mask)


def test_losses_of_pixels_without_gradient():
    """As samplers of hard pixels ask for them."""
    losses = pair(tau=0.5)
    logits, labels, _ = random_pixels(CLASSES, 8, 9)
    with torch.no_grad():
        found, expected = (
            loss(logits, labels, reduction_override='none') for loss in losses
        )
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert found.shape == labels.shape
    assert not losses[0].statistics.num_pending


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_low_precision_under_autocast(dtype):
    losses = pair(tau=0.5)
    logits, labels, mask = random_pixels(CLASSES, 8, 9)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value, gradient, _ = assert_alike(
            losses, logits.to(dtype), labels, mask
        )
    assert value.dtype == torch.float32 and gradient.dtype == dtype


def test_what_is_recorded():
    class Recorder:
        def wants(self, row, name):
            return name == OFFSET

        def record(self, row, name, value):
            self.value = value

    recorded = []
    logits, labels, _ = random_pixels(CLASSES, 8, 9)
    for loss in pair(tau=0.5):
        recorder = Recorder()
        with recording(recorder), noted_in('source'):
            loss(logits, labels)
        recorded.append(recorder.value)
    torch.testing.assert_close(*recorded, rtol=1e-5, atol=1e-5, equal_nan=True)
    assert recorded[0].nan_to_num().abs().max() > 0.1


@pytest.mark.filterwarnings('ignore:Kernels do not read')
def test_float64_logits():
    losses = pair(tau=0.5)
    logits, labels, _ = random_pixels(CLASSES, 8, 9)
    assert_alike(losses, logits.double(), labels)


def test_a_compiled_step_breaks_no_more_often():
    """And is not compiled again after an update of the statistics."""
    numbers = []
    for loss in pair(tau=0.5):
        torch._dynamo.reset()
        torch.manual_seed(2)
        layer = torch.nn.Conv2d(CLASSES, CLASSES, 1)
        graphs = []

        def backend(graph, inputs, graphs=graphs):
            graphs.append(graph)
            return graph.forward

        def step(images, labels, loss=loss, layer=layer):
            return loss(layer(images), labels)

        fast = torch.compile(step, backend=backend)
        images, labels, _ = random_pixels(CLASSES, 8, 9)
        counts = []
        for _ in range(3):
            value = fast(images, labels)
            loss.statistics._pending.clear()
            torch.testing.assert_close(value, step(images, labels))
            value.backward()
            update(loss)
            counts.append(len(graphs))
        assert layer.weight.grad.abs().sum() > 0
        assert counts[2] == counts[1]
        numbers.append(counts)
    assert numbers[0][-1] <= numbers[1][-1]


def count(loss, logits, labels, **kwargs):
    """Launches of a loss and of its gradient, on the meta device."""
    from step_launches import Launches
    from step_memory import without_values

    with without_values(), Launches() as launches:
        loss(logits, labels, **kwargs).backward()
    return launches


def test_it_launches_no_more_than_plain_cross_entropy():
    """The loss itself; and the logits have no copy in float32."""
    loss = pair(tau=0.5)[0].to('meta')
    plain = MODELS.build(dict(type='CrossEntropyLoss'))
    batch = random_pixels(CLASSES, 40, 40)
    logits, labels, mask = (t.to('meta') for t in batch)
    logits = logits.bfloat16().requires_grad_()
    weight = torch.rand(labels.shape, device='meta')
    loss.statistics.table  # noqa: B018  (built after each update)
    for kwargs in ({}, dict(weight=weight, target_mask=mask)):
        found = count(loss, logits, labels, collect=False, **kwargs)
        kwargs.pop('target_mask', None)
        expected = count(plain, logits.float(), labels, **kwargs)
        assert found.names.total() <= expected.names.total()
        # the gradient, and a few numbers of each pixel
        assert found.written < 2 * logits.numel() + 40 * labels.numel()
