"""What a criterion chooses, and where it cannot."""

import pytest

from mmseg_balance.evaluation.unsupervised.choice import (
    check_choice,
    choose_tau,
    criteria_text,
)
from mmseg_balance.evaluation.unsupervised.criteria import CRITERIA


def rows(**columns):
    taus = columns.pop('tau')
    return [
        dict(tau=tau) | {name: v[i] for name, v in columns.items()}
        for i, tau in enumerate(taus)
    ]


VALUES = dict(
    tau=[0.0, 0.5, 1.0],
    snd=[1.0, 3.0, 2.0],
    entropy=[0.5, 0.4, 0.1],
    share_shift=[0.0, 1.0, 2.0],
)


@pytest.mark.parametrize(
    'name, tau', [('snd', 0.5), ('entropy', 1.0)], ids=['more', 'less']
)
def test_each_by_its_direction(name, tau):
    assert choose_tau(rows(**VALUES), name) == tau


def test_directions():
    """Larger is better of density and agreement, smaller of the others."""
    larger = {name for name, of in CRITERIA.items() if of.more_is_better}
    assert larger == {'snd'} | {
        f'{view}_{of}'
        for view in ('flip', 'teacher')
        for of in ('agreement', 'iou')
    }
    assert [n for n in CRITERIA if not CRITERIA[n].chooses] == ['share_shift']


@pytest.mark.parametrize(
    'name, change, message',
    [
        ('snd', dict(snd=[3.0, 3.0, 1.0]), 'tau 0, 0.5 apart: it is 3 at'),
        ('snd', dict(snd=[None, 3.0, 1.0]), 'no number at tau 0: look at'),
        ('im', {}, 'im was not measured: sweep with --criteria im'),
        ('share_shift', {}, 'compared with tau = 0, which it would always'),
        ('mIoU', {}, "expected a criterion of snd, .*, but got 'mIoU'"),
        ('snd', dict(tau=[0.3], snd=[1.0]), 'the one tau is 0.3; name sev'),
    ],
)
def test_what_cannot_choose(name, change, message):
    with pytest.raises(ValueError, match=f'(?i){message}'):
        choose_tau(rows(**VALUES | change), name)


def test_checks_before_a_pass():
    check_choice('snd', [0.0, 1.0])
    with pytest.raises(ValueError, match='nothing to choose from'):
        check_choice('snd', [1.0])


def test_the_table_says_what_each_would_choose():
    text = criteria_text(rows(**VALUES))
    assert '3.0000*' in text and '0.1000*' in text and text.count('*') == 3
    assert 'entropy: best at the end of the grid' in text
    assert 'SND (snd): soft neighbourhood density' in text
    assert 'share_shift): ' in text and 'chooses nothing' in text
    tied = criteria_text(rows(**VALUES | dict(snd=[3.0, None, 3.0])))
    assert '3.0000*' not in tied and '- ' in tied
