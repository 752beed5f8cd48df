"""A run that was stopped at a validation, and resumed."""

import pytest
import torch
from helpers.recorded_runs import config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmseg.registry import HOOKS, METRICS

VALIDATED = []


class Stopped(Exception):
    """Stands for a kill."""


@HOOKS.register_module()
class StopsAtHook(Hook):
    """Notes the validations, and ends the run in one or in an iteration."""

    def __init__(self, iteration=None, validation=None):
        self.iteration, self.validation = iteration, validation

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            raise Stopped

    def before_val(self, runner):
        if runner.iter == self.validation:
            raise Stopped
        VALIDATED.append(runner.iter)
        torch.rand(3)  # a validation may draw numbers


@METRICS.register_module()
class FirstIsBestMetric(BaseMetric):
    """The lower, the later."""

    def process(self, data_batch, data_samples):
        self.results.append(None)

    def compute_metrics(self, results):
        return dict(score=1 / VALIDATED[-1])


@pytest.fixture(autouse=True)
def _clean():
    VALIDATED.clear()
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def train(folder, save_best=None, resume=False, stop=None, **loop):
    """Eight iterations, checkpoints at 5; returns batches and validations."""
    cfg = config(folder, resume=resume)
    cfg['train_cfg'].update(dict(val_interval=5) | loop)
    cfg['default_hooks']['checkpoint']['save_best'] = save_best
    cfg['default_hooks']['checkpoint']['rule'] = save_best and 'greater'
    cfg['custom_hooks'].append(dict(type='StopsAtHook', **(stop or {})))
    loader = dict(
        batch_size=1,
        dataset=dict(type='RecordedIndices'),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    cfg.update(
        val_dataloader=loader,
        val_cfg=dict(type='ValLoop'),
        val_evaluator=dict(type='FirstIsBestMetric'),
    )
    runner = Runner.from_cfg(cfg)
    model = runner.model
    model.val_step = lambda data: [data]
    VALIDATED.clear()
    try:
        runner.train()
    except Stopped:
        assert stop
    else:
        assert not stop
    return model.batches, list(VALIDATED)


@pytest.mark.parametrize(
    'stop, save_best, before, after',
    [
        # in the validation: the checkpoint was written before it
        (dict(validation=5), None, [], [5, 8]),
        (dict(validation=5), 'score', [], [5, 8]),
        # after it: known of a checkpoint that was written once more
        (dict(iteration=7), 'score', [5], [8]),
        (dict(iteration=7), None, [5], [5, 8]),
    ],
)
def test_validation_of_the_checkpoint_is_made_up_for(
    tmp_path, stop, save_best, before, after
):
    whole, validated = train(tmp_path / 'whole', save_best)
    assert validated == [5, 8]
    folder = tmp_path / 'cut'
    assert train(folder, save_best, stop=stop)[1] == before
    rest, validated = train(folder, save_best, resume=True)
    assert validated == after
    assert rest == whole[5:]
    best = sorted(file.name for file in folder.glob('best_*'))
    assert best == ['best_score_iter_5.pth'] * bool(save_best)


@pytest.mark.parametrize(
    'loop, after',
    [(dict(val_interval=4), [8]), (dict(val_begin=6), [8])],
)
def test_no_validation_that_the_whole_run_has_not(tmp_path, loop, after):
    train(tmp_path, stop=dict(iteration=6), **loop)
    assert train(tmp_path, resume=True, **loop)[1] == after


def test_best_checkpoint_says_that_it_was_validated(tmp_path):
    train(tmp_path, 'score')
    saved = torch.load(tmp_path / 'best_score_iter_5.pth', weights_only=False)[
        'message_hub'
    ]
    assert saved['runtime_info']['validated_iter'] == 5
