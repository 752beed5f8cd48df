"""Images that are loaded before they are asked for."""

import threading

import pytest

from mmseg_balance.inference.predictor.loading import load_ahead


@pytest.mark.parametrize('num_workers', [0, 1, 3])
def test_order_and_how_many_are_held(num_workers):
    given, threads = [], set()

    def images():
        for number in range(20):
            given.append(number)
            yield number

    def load(number):
        threads.add(threading.current_thread())
        return 10 * number

    for place, loaded in enumerate(load_ahead(load, images(), 4, num_workers)):
        assert loaded == 10 * place
        assert len(given) <= place + 1 + (4 if num_workers else 0)
    assert len(given) == 20
    assert (threading.main_thread() in threads) == (num_workers == 0)


@pytest.mark.parametrize('num_workers', [0, 2])
def test_an_error_comes_at_its_place(num_workers):
    stream = load_ahead(lambda x: 1 // x, [1, 1, 0, 1], 4, num_workers)
    assert [next(stream), next(stream)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(stream)
