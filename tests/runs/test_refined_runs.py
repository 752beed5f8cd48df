"""Refined pseudo-labels in a run, killed before they begin and after."""

import json

import pytest
from helpers.comparison import losses
from helpers.killed_runs import resumed_as_whole
from helpers.sequence_runs import SMALL_HRDA, write_sequence_config

NAME = 'mic_hrda_refined_blda_lite0_300_toy-viper2toy-seq-192x192'
START, LAST = 5, 8
EXTRA = f"""
{SMALL_HRDA}
model.update(
    temporal_consistency=dict(), pseudo_refinement=dict(start={START}))
"""


@pytest.fixture
def config(tmp_path):
    return write_sequence_config(tmp_path, NAME, LAST, EXTRA)


def test_a_run_is_resumed_across_the_start_and_behind_it(
    config, start, fork, tmp_path
):
    first, checkpoint = resumed_as_whole(
        config, tmp_path, LAST, 2, fork, start
    )
    for i in range(1, LAST):  # the last has its scores instead
        shares = {
            name.removeprefix('refined.'): value
            for name, value in first[i].items()
            if name.startswith('refined.')
        }
        if i <= START:  # iterations are counted from 0 there
            assert not shares
            continue
        assert shares['changed'] == 0
        assert 0 < shares['kept'] < shares['seen'] <= 1
        assert first[i]['itcr.decode.loss_temporal'] > 0
    state = checkpoint['state_dict']
    steps = [v for k, v in state.items() if k.endswith('.target.step')]
    assert steps and all(int(v) > 1 for v in steps)

    killed = tmp_path / 'killed'
    (killed / f'iter_{LAST}.pth').unlink()
    (killed / 'last_checkpoint').write_text(str(killed / 'iter_6.pth'))
    again = fork('train.py', config, '--work-dir', killed, '--resume')
    output = again.communicate()[0]
    assert again.returncode == 0, output
    assert losses(killed) == first

    tested = fork(
        'test.py', config, killed / f'iter_{LAST}.pth',
        *('--work-dir', tmp_path / 'tested'),
    )  # fmt: skip
    output = tested.communicate()[0]
    assert tested.returncode == 0, output
    (file,) = (tmp_path / 'tested').glob('*/*.json')
    scores = json.loads(file.read_text())
    expected = {k: v for k, v in first[LAST].items() if k in scores}
    assert 'mIoU_uvda' in expected
    assert {k: scores[k] for k in expected} == expected
