"""TPS with BLDA on toy sequences, killed, resumed and tested."""

import json

import pytest
from helpers.killed_runs import resumed_as_whole
from helpers.sequence_runs import write_sequence_config

LAST = 6
NAME = 'tps_blda_lite0_300_toy-viper2toy-seq-192x192'
# looks of the target for the source, too
EXTRA = """
train_dataloader['dataset']['source']['pipeline'].insert(
    2, dict(type='HistogramStyle'))
"""


@pytest.fixture
def config(tmp_path):
    return write_sequence_config(tmp_path, NAME, LAST, EXTRA, num_target=1)


def test_a_killed_run_goes_on_and_is_tested(config, fork, tmp_path):
    first, checkpoint = resumed_as_whole(config, tmp_path, LAST, 2, fork)
    for i in range(1, LAST):  # the last has its scores instead
        assert 0 < first[i]['tps.labelled'] <= 1
        assert first[i]['tps.decode.loss_blda'] > 0
    state = checkpoint['state_dict']
    updates = {k: int(v) for k, v in state.items() if k.endswith('.step')}
    for domain in ('source', 'target'):
        assert any(v > 1 for k, v in updates.items() if domain in k), updates
    # published without teacher
    assert not any(k.startswith('teacher.') for k in state)

    tested = fork(
        'test.py', config, tmp_path / 'killed' / f'iter_{LAST}.pth',
        *('--work-dir', tmp_path / 'tested'),
    )  # fmt: skip
    output = tested.communicate()[0]
    assert tested.returncode == 0, output
    (file,) = (tmp_path / 'tested').glob('*/*.json')
    scores = json.loads(file.read_text())
    for key in ('mIoU_uvda', 'IoU_std_uvda', 'mAcc', 'IoU.building'):
        assert scores[key] == first[LAST][key]
