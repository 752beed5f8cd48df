import pytest
from mmengine.config import Config

from mmseg_balance.configuration.checks.training import check_config


def supervised(loss, hooks=()):
    head = dict(type='FCNHead', loss_decode=loss)
    return Config(
        dict(
            model=dict(type='EncoderDecoder', decode_head=head),
            custom_hooks=[dict(type=name) for name in hooks],
        )
    )


def dacs(hooks=(), loss='CrossEntropyLoss', kind='DACS', **kwargs):
    head = dict(type='FCNHead', loss_decode=dict(type=loss))
    segmentor = dict(type='EncoderDecoder', decode_head=head)
    return Config(
        dict(
            model=dict(type=kind, segmentor=segmentor, **kwargs),
            custom_hooks=[dict(type=name) for name in hooks],
        )
    )


@pytest.mark.parametrize(
    'save_best, rule, good',
    [
        ('mIoU', None, True),
        ('Acc_std', 'less', True),
        ('Acc_std', None, False),
        ('IoU_std_synthia16', 'greater', False),
        (['mIoU', 'Acc_std'], ['greater', 'less'], True),
        (['mIoU', 'Acc_std'], ['greater', 'greater'], False),
        (['mIoU', 'Acc_std'], 'greater', False),
        (None, None, True),
    ],
)
def test_best_checkpoint_by_std(save_best, rule, good):
    cfg = supervised(dict(type='CrossEntropyLoss'))
    cfg.default_hooks = dict(
        checkpoint=dict(type='CheckpointHook', save_best=save_best, rule=rule)
    )
    if good:
        check_config(cfg)
    else:
        with pytest.raises(
            ValueError, match="save_best='.*_std.*' with .*rule='less'"
        ):
            check_config(cfg)


def test_a_model_for_tests_is_not_trained():
    with pytest.raises(ValueError, match='PostHocSegmentor.*-balance test'):
        check_config(dacs(kind='PostHocSegmentor', statistics='a.pth'))
