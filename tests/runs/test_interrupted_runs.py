"""A run that is killed and resumed, against one that is left alone."""

import pytest
from helpers.killed_runs import resumed_as_whole

# target pixels count by the teacher's probabilities, which are drawn from, and
# those of several iterations together
SOFT = """
model['segmentor']['decode_head']['loss_decode'].update(
    target_assignment='soft', target_threshold=0.05, collect_over=3)
"""


@pytest.mark.parametrize(
    'method, iters, killed, banks, extra',
    [
        ('dacs', 16, 4, 18, ''),
        ('mic-on-hrda', 10, 3, 36, ''),
        ('cdac', 10, 3, 18, ''),
        ('balance', 16, 4, 18, ''),
        ('vit-lora', 16, 4, 18, ''),
        ('dacs', 16, 4, 24, SOFT),
    ],
)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    method, iters, killed, banks, extra, write_config, start, fork, tmp_path
):
    config = write_config(iters, max(killed // 2, 1), extra, method)
    a = resumed_as_whole(config, tmp_path, iters, killed, fork, start)[1]
    assert sum('.statistics.' in k for k in a['state_dict']) == banks
    steps = {
        domain: next(
            value
            for key, value in a['state_dict'].items()
            if key.endswith(f'.statistics.{domain}.step')
        )
        for domain in ('source', 'target')
    }
    assert steps['source'] > iters // 2
    assert steps['target'] > 0
    if method == 'balance':
        counts = [k for k in a['state_dict'] if k.endswith('counts.pixels')]
        assert len(counts) == 3  # those of a data set are read anew
        assert all(a['state_dict'][k].sum() > 0 for k in counts)
    assert any(k.startswith('teacher.') for k in a['state_dict'])
