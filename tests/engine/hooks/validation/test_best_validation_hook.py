"""The best validation of a training is told, and used for nothing."""

from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub

from mmseg_balance.engine.hooks.validation import BestValidationHook
from mmseg_balance.engine.hooks.validation.best_validation_hook import BEST_KEY


class Log(list):
    def info(self, text):
        self.append(text)


def runner_of(name, **metric):
    loop = SimpleNamespace(
        evaluator=SimpleNamespace(
            metrics=[SimpleNamespace(prefix=None), SimpleNamespace(**metric)]
        )
    )
    return SimpleNamespace(
        val_loop=loop,
        logger=Log(),
        message_hub=MessageHub.get_instance(name),
        iter=0,
    )


@pytest.mark.parametrize('prefix', [None, 'real'])
def test_the_first_of_equal_ones_is_told_beside_the_last(prefix):
    runner = runner_of(f'best_{prefix}', prefix=prefix, snapshots_by='aAcc')
    start = f'{prefix}/' if prefix else ''
    # numbers of the public rule: strictly better
    for i, overall in enumerate((70.1, 72.5, 72.5, 71.0, 72.4), 1):
        runner.iter = 1000 * i
        scores = dict(mAcc=60.0 + i, Acc_std=9.0, aAcc=overall, mAcc_over=1.0)
        # what a resumed run has is in the message hub alone
        BestValidationHook().after_val_epoch(
            runner, {f'{start}{k}': v for k, v in scores.items()}
        )
        hook = BestValidationHook()
        hook.after_val_epoch(
            runner, {f'{start}{k}': v for k, v in scores.items()}
        )
    assert runner.message_hub.runtime_info[BEST_KEY]['iter'] == 2000
    hook.after_train(runner)
    (text,) = runner.logger
    last, best = text.splitlines()
    assert last == (
        f'last validation: {start}mAcc 65.00, {start}Acc_std 9.00, '
        f'{start}aAcc 72.40 (iteration 5000)'
    )
    assert best.startswith(
        f'best validation by {start}aAcc: {start}mAcc 62.00, {start}Acc_std '
        f'9.00, {start}aAcc 72.50 (iteration 2000). It is chosen on labels'
    )
    assert best.endswith('used for nothing here, report the last')


def test_metrics_that_choose_nothing_say_nothing():
    runner = runner_of('best_none', prefix=None)
    hook = BestValidationHook()
    hook.after_val_epoch(runner, dict(mIoU=50.0))
    hook.after_train(runner)
    runner.val_loop = None
    hook.after_train(runner)
    assert runner.logger == []
    assert BEST_KEY not in runner.message_hub.runtime_info
