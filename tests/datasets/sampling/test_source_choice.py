import numpy as np
import pytest

from mmseg_balance.datasets.sampling.source_choice import SourceChoice


def shares(choice, iteration=None, count=2000):
    np.random.seed(0)
    chosen = [choice.choose(iteration) for _ in range(count)]
    return np.bincount(chosen, minlength=3) / count


def test_without_weights_the_index_decides():
    state = np.random.get_state()[1].tolist()
    assert SourceChoice(3).choose(5) is None
    assert np.random.get_state()[1].tolist() == state  # nothing is drawn


def test_sources_are_drawn_by_weight():
    found = shares(SourceChoice(3, [3, 0.5, 1.5]))
    # standard deviation of the first is 0.011
    np.testing.assert_allclose(found, [0.6, 0.1, 0.3], atol=0.04)


def test_one_after_the_other():
    choice = SourceChoice(3, progressive=[10, 12])
    expected = [0] * 10 + [1] * 2 + [2] * 3
    assert [choice.choose(i) for i in range(15)] == expected


def test_weights_by_phase():
    choice = SourceChoice(2, [[1, 0], [1, 3]], progressive=[4])
    assert shares(choice, 3)[0] == 1
    np.testing.assert_allclose(shares(choice, 4)[:2], [0.25, 0.75], atol=0.04)


def test_where_the_iteration_is_not_known():
    message = 'progressive.*ResumableInfiniteSampler.*ResumableIterBased'
    with pytest.raises(ValueError, match=message):
        SourceChoice(2, progressive=[4]).choose(None)
    assert SourceChoice(2, [0.5, 1]).choose(None) in (0, 1)


@pytest.mark.parametrize(
    'arguments, message',
    [
        ((1, [1]), 'source is one data set'),
        ((1, None, [5]), 'source is one data set'),
        ((2, [1]), r'source_weights: expected 2 numbers >= 0.*found \[1\]'),
        ((2, [1, -1]), r'source_weights: expected 2 numbers'),
        ((2, [0, 0]), 'sum is above 0'),
        ((2, 0.5), 'source_weights: expected 2 numbers'),
        ((2, [1, 0]), r'source\[1\] never has a weight above 0'),
        ((2, None, []), r'progressive: expected the iterations.*found \[\]'),
        ((2, None, 5), 'progressive: expected the iterations .* found 5'),
        ((2, None, [0]), r'above 0.*found \[0\]'),
        ((3, None, [5, 5]), 'ascending'),
        ((2, None, [True]), r'found \[True\]'),
        ((2, None, [5, 9]), 'has 2 iterations for 2 sources, expected 1'),
        ((2, [1, 1], [5]), 'make 2 phases: expected a list of weights for'),
        ((2, [[1, 1]], [5]), 'make 2 phases'),
        ((2, 0.5, [5]), 'source_weights is 0.5, .* make 2 phases'),
        ((2, [[1, 1], [1]], [5]), r'source_weights\[1\]: expected 2 numbers'),
    ],
)
def test_numbers_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        SourceChoice(*arguments)
