"""MIC on HRDA with BLDA on toy sequences, killed and resumed."""

import pytest
from helpers.killed_runs import resumed_as_whole
from helpers.sequence_runs import SMALL_HRDA, write_sequence_config

NAME = 'mic_hrda_blda_lite0_300_toy-viper2toy-seq-192x192'


# with the frame before each target image, and the exact flow to it
@pytest.fixture
def config(tmp_path):
    return write_sequence_config(tmp_path, NAME, 10, SMALL_HRDA)


def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    config, start, fork, tmp_path
):
    first, checkpoint = resumed_as_whole(config, tmp_path, 10, 2, fork, start)
    assert 'mIoU_uvda' in first[10]
    state = checkpoint['state_dict']
    steps = [v for k, v in state.items() if k.endswith('.source.step')]
    assert steps and all(int(v) > 1 for v in steps)
    assert any(k.startswith('teacher.') for k in state)
