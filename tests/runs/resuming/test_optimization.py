"""Learning rate, schedule and settings of a run that goes on."""

import re

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import ReduceOnPlateauLR
from mmengine.runner import Runner

from mmseg_balance.runs.resuming.optimization import prepare_resume
from mmseg_balance.runs.resuming.schedule import plan_of

ITERS = 4


class Model(torch.nn.Module):
    """One weight, whose gradient is 1."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.head = torch.nn.Parameter(torch.ones(1))

    def train_step(self, data, optim_wrapper):
        optim_wrapper.update_params(self.weight.sum() + self.head.sum())
        return dict(loss=self.weight.detach())


@pytest.fixture
def train(tmp_path):
    """Train to ``iters``; gives the learning rate of every iteration."""
    count = 0

    def train(
        iters=ITERS,
        resume=None,
        optimizer=None,
        schedule=(),
        checkpoint=None,
        paramwise=None,
        schedulers=None,
    ):
        nonlocal count
        count += 1
        default = dict(type='Adam', lr=0.1, betas=(0.9, 0.99))
        poly = dict(type='PolyLR', begin=1, end=iters, by_epoch=False)
        warm = dict(type='LinearLR', start_factor=0.1, end=2, by_epoch=False)
        schedulers = schedulers or [warm, {**poly, **dict(schedule)}]
        hook = dict(type='CheckpointHook', interval=1, by_epoch=False)
        runner = Runner(
            model=Model(),
            work_dir=str(tmp_path / 'run'),
            train_dataloader=dict(
                dataset=list(range(8)),
                sampler=dict(type='InfiniteSampler', shuffle=False),
                batch_size=1,
            ),
            train_cfg=dict(by_epoch=False, max_iters=iters),
            optim_wrapper=dict(
                optimizer=optimizer
                if 'type' in (optimizer or {})
                else {**default, **(optimizer or {})},
                paramwise_cfg=paramwise,
            ),
            param_scheduler=schedulers,
            default_hooks=dict(checkpoint={**hook, **(checkpoint or {})}),
            resume=resume is not None,
            load_from=resume,
            default_scope='mmseg',
            experiment_name=f'{tmp_path.name}_{count}',
            cfg=Config(dict(param_scheduler=schedulers)),
        )
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        runner.param_schedulers = runner.build_param_scheduler(
            runner.param_schedulers
        )
        if resume is not None:
            prepare_resume(runner, resume)
        rates = []
        step = runner.model.train_step

        def noted(data, optim_wrapper):
            group = optim_wrapper.param_groups[0]
            rates.append((group['lr'], group['weight_decay'], group['betas']))
            return step(data, optim_wrapper)

        runner.model.train_step = noted
        runner.train()
        return rates

    train.file = lambda i: str(tmp_path / 'run' / f'iter_{i}.pth')
    return train


def test_a_longer_schedule_is_that_of_a_run_of_its_length(train):
    longer = train(2 * ITERS)
    train(ITERS)
    resumed = train(2 * ITERS, train.file(ITERS))
    assert resumed == longer[ITERS:]
    assert min(rate for rate, _, _ in resumed[:-1]) > 0  # 0 at its end


@pytest.mark.parametrize(
    'change, key',
    [
        (dict(lr=0.2), 'lr was 0.1, is 0.2'),
        (dict(weight_decay=0.5), 'weight_decay was 0, is 0.5'),
        (dict(betas=(0.5, 0.9)), r'betas was .0.9, 0.99., is .0.5, 0.9.'),
    ],
)
def test_changed_settings_are_those_of_the_config(train, capfd, change, key):
    other = train(optimizer=change)
    train()
    capfd.readouterr()
    resumed = train(resume=train.file(2), optimizer=change)
    assert resumed == other[2:]
    output = capfd.readouterr()
    text = ' '.join((output.out + output.err).split())
    assert re.search(f'optim_wrapper.optimizer.{key}', text)


# mmengine gives a wrapper of several groups one more than its optimizer has
@pytest.mark.parametrize(
    'paramwise', [None, dict(custom_keys=dict(head=dict(lr_mult=10.0)))]
)
def test_an_unchanged_run_is_left_alone(train, capfd, paramwise):
    first = train(paramwise=paramwise)
    capfd.readouterr()
    assert train(resume=train.file(2), paramwise=paramwise) == first[2:]
    output = capfd.readouterr()
    text = output.out + output.err
    assert 'the config counts' not in text
    assert text.count('settings of the optimizer, schedule and max_iters') == 1


ONE_CYCLE = dict(type='OneCycleLR', eta_max=1.0, total_steps=ITERS)
STEPS = dict(type='MultiStepLR', milestones=[2], gamma=0.5)


@pytest.mark.parametrize('schedule', [ONE_CYCLE, STEPS])
def test_an_unchanged_schedule_is_left_alone(train, capfd, schedule):
    schedulers = [dict(schedule, by_epoch=False)]
    first = train(schedulers=schedulers)
    capfd.readouterr()
    assert train(resume=train.file(2), schedulers=schedulers) == first[2:]
    output = capfd.readouterr()
    assert 'the config counts' not in output.out + output.err


@pytest.mark.parametrize(
    'then, now',
    [
        (STEPS, dict(STEPS, milestones=[1, 3])),
        (ONE_CYCLE, dict(ONE_CYCLE, anneal_strategy='linear')),
    ],
)
def test_another_schedule_of_a_kind_is_followed(train, then, now):
    then, now = ([dict(part, by_epoch=False)] for part in (then, now))
    wanted = train(schedulers=now)
    assert wanted[2:] != train(schedulers=then)[2:]
    assert train(resume=train.file(2), schedulers=now) == wanted[2:]


def test_what_a_schedule_remembers_of_scores_is_no_setting():
    group = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([group], lr=0.1)
    scheduler = ReduceOnPlateauLR(optimizer, monitor='mIoU', patience=0)
    before = plan_of(scheduler)
    for score in (0.5, 0.7, 0.9):
        scheduler.step(dict(mIoU=score))
    assert scheduler.best == 0.5
    assert plan_of(scheduler) == before
    scheduler.patience = 3
    assert plan_of(scheduler) != before


def test_a_checkpoint_without_optimizer(train, capfd):
    """As files best_*.pth are: the schedule does not begin anew."""
    first = train(
        checkpoint=dict(save_optimizer=False, save_param_scheduler=False)
    )
    assert train(resume=train.file(3)) == first[3:]
    output = capfd.readouterr()
    assert 'its moments start anew' in output.out + output.err


def test_another_optimizer_is_refused(train):
    train()
    with pytest.raises(ValueError, match='another optimizer.*no .*momentum'):
        train(
            resume=train.file(2),
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
        )
