"""Two processes: through the tools, and the exchange itself."""

import os

import pytest
import torch
from helpers.paths import ROOT
from torch import distributed, multiprocessing, nn

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.losses import LBWLoss, SeesawLoss
from mmseg_balance.models.losses.class_weights.rank_sums import (
    gather_over_ranks,
    sum_over_ranks,
)
from mmseg_balance.models.uda.alignment.feature_buffer import FeatureBuffer
from mmseg_balance.models.uda.alignment.ranks import of_all_ranks
from mmseg_balance.models.uda.optimization.sequential_backward import (
    average_gradients,
    average_norm_statistics,
)

EXTRA = """
custom_imports = dict(imports=['mmseg_balance', 'dump_rank'])
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='GMMUpdateHook'),
    dict(type='DumpRank'),
]
"""


# each rank draws from the teacher's probabilities of its own images
SOFT = """
model['segmentor']['decode_head']['loss_decode']['target_assignment'] = 'soft'
"""


@pytest.mark.parametrize(
    'method, iters, extra',
    [('dacs', 10, ''), ('mic-on-hrda', 6, ''), ('cdac', 6, SOFT)],
)
def test_two_ranks_stay_equal(
    method, iters, extra, write_config, run_two_ranks
):
    config = write_config(iters, iters, EXTRA + extra, method)
    script = 'bash', ROOT / 'tools/dist_train.sh', config, 2
    ranks = run_two_ranks(config, *(script if method == 'dacs' else ()))
    step = 'student.decode_head.loss_decode.statistics.source.step'
    assert ranks[0]['state'][step] == iters
    assert ranks[0]['state'][step.replace('source', 'target')] > 0


SWITCHES = """
custom_imports = dict(imports=['mmseg_balance', 'dump_rank'])
# those that the model needs are added
custom_hooks = [
    dict(type='EMAHook'), dict(type='SyncBuffersHook'), dict(type='DumpRank')]
find_unused_parameters = True
optim_wrapper = dict(accumulative_counts=2)
"""


def test_switches_of_mmengine_on_two_ranks(write_config, run_two_ranks):
    config = write_config(4, 4, SWITCHES)
    train = ('python', '-m', 'mmseg_balance', 'train', config)
    ranks = run_two_ranks(config, *train, '--gpus', 2)
    step = 'student.decode_head.loss_decode.statistics.source.step'
    assert ranks[0]['state'][step] == 4


def samples(rank):
    """Another number of pixels and other classes for each rank."""
    generator = torch.Generator().manual_seed(rank)
    labels = torch.randint(
        2 + rank, (1, 300 + 100 * rank), generator=generator
    )
    logits = torch.randn(1, 4, labels.shape[1], generator=generator)
    return logits + labels[:, None], labels


def collect(own, rank):
    torch.manual_seed(rank)
    own.collect(*samples(rank))
    if rank:  # one rank alone has target pixels
        logits, labels = samples(rank)
        own.collect(logits, labels, target_mask=torch.ones_like(labels) > 0)


def collect_images(own, *ranks):
    """A few images of a classifier, not as many on each rank."""
    for rank in ranks:
        logits, labels = (t[0, ..., : 9 + rank] for t in samples(rank))
        own.collect(logits.T, labels)
        if rank:
            own.collect(logits.T, labels, target_mask=labels >= 0)


def balance_losses():
    return nn.ModuleList(
        [SeesawLoss(num_classes=4), LBWLoss(num_classes=4, momentum=0.5)]
    ).train()


def feed(losses, rank):
    logits, labels = samples(rank)
    for loss in losses:
        loss(logits.clone().requires_grad_(), labels)


def write_features(buffer, *ranks):
    """Those of an image of each rank, of which not as many are kept.

    Args:
        buffer: Of three classes.
        *ranks: Of one: it is given what the others have, too.
    """
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 3, 4, generator=generator)
    is_kept = torch.tensor([[1, 0, 0], [1, 1, 1]]) > 0
    features, is_kept = features[list(ranks)], is_kept[list(ranks)]
    if len(ranks) == 1:
        features, is_kept = of_all_ranks(features, is_kept)
    buffer.write(features.transpose(0, 1), is_kept.T)


def worker(rank, port, folder):
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    distributed.init_process_group('gloo', rank=rank, world_size=2)
    a, b = (nn.Parameter(torch.zeros(3)) for _ in range(2))
    a.grad = torch.full((3,), 1.0 + rank)
    if rank:
        b.grad = torch.full((3,), 4.0)
    average_gradients([a, b])
    norm = nn.BatchNorm1d(2)
    norm.running_mean.fill_(rank)
    average_norm_statistics(norm)
    own = LogitStatistics(4, min_samples=20)
    for _ in range(2):
        collect(own, rank)
        own.update(sum_over_ranks())
    long = LogitStatistics(4, min_samples=20, collect_over=9)
    for _ in range(4):
        collect_images(long, rank)
        long.update(sum_over_ranks(), gather_over_ranks())
    losses = balance_losses()
    for _ in range(2):
        feed(losses, rank)
        for loss in losses:
            loss.update_statistics()
    buffer = FeatureBuffer(3, 2, 4)
    for _ in range(2):
        write_features(buffer, rank)
    torch.save(
        dict(
            buffer=buffer.state_dict(),
            losses=losses.state_dict(),
            grads=[a.grad, b.grad],
            mean=norm.running_mean,
            state=own.state_dict(),
            long=long.state_dict(),
        ),
        f'{folder}/rank{rank}.pth',
    )
    distributed.destroy_process_group()


@pytest.mark.filterwarnings('ignore')
def test_ranks_average_gradients_and_share_statistics(tmp_path):
    port = 30500 + os.getpid() % 1000
    multiprocessing.spawn(worker, (port, str(tmp_path)), nprocs=2)
    ranks = [
        torch.load(tmp_path / f'rank{i}.pth', weights_only=True)
        for i in range(2)
    ]
    for found in ranks:
        assert found['grads'][0].tolist() == [1.5] * 3
        assert found['grads'][1].tolist() == [2.0] * 3
        assert found['mean'].tolist() == [0.5] * 2
    whole = FeatureBuffer(3, 2, 4)
    for _ in range(2):
        write_features(whole, 0, 1)
    for key, value in whole.state_dict().items():
        assert torch.equal(ranks[0]['buffer'][key], value)
        assert torch.equal(ranks[1]['buffer'][key], value)
    assert whole.written.tolist() == [4, 2, 2]
    union = LogitStatistics(4, min_samples=20)
    for _ in range(2):
        for rank in range(2):
            collect(union, rank)
        union.update()
    for key, value in union.state_dict().items():
        assert torch.equal(ranks[0]['state'][key], ranks[1]['state'][key])
        torch.testing.assert_close(
            ranks[0]['state'][key], value, rtol=1e-4, atol=1e-4
        )
    assert union.target.num_updates.sum() > 0

    long = LogitStatistics(4, min_samples=20, collect_over=9)
    for _ in range(4):
        collect_images(long, 0, 1)
        long.update()
    for key, value in long.state_dict().items():
        assert torch.equal(ranks[0]['long'][key], ranks[1]['long'][key]), key
        if not key.startswith(('anchors.', 'waiting.')):
            torch.testing.assert_close(
                ranks[0]['long'][key], value, rtol=1e-4, atol=1e-4
            )
    assert long.source.num_updates.any() and long.waiting.source.ages.max() > 0

    both = balance_losses()
    for _ in range(2):
        for rank in range(2):
            feed(both, rank)
        for loss in both:
            loss.update_statistics()
    assert both[0].counts.pixels.sum() == 2 * (300 + 400)
    for key, value in both.state_dict().items():
        for found in ranks:
            torch.testing.assert_close(found['losses'][key], value)
