"""Who works on a tensor: fused kernels, or plain PyTorch and a line on why."""

import sys
import warnings
from functools import cache, partial

import pytest
import torch

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.kernels import choice
from mmseg_balance.logits.kernels.choice import check_kernels, runs_fused
from mmseg_balance.models.losses import BLDALoss


class OnCuda:
    """What is asked of a tensor on a GPU."""

    device = torch.device('cuda', 0)


@pytest.fixture(autouse=True)
def _nothing_said_yet():
    for cached in (choice._say, choice._what_is_missing):
        cached.cache_clear()
    yield
    for cached in (choice._say, choice._what_is_missing):
        cached.cache_clear()


@pytest.fixture
def gpu(monkeypatch):
    """Sets the compute capability of a GPU that is not there."""
    pytest.importorskip('triton')

    def set_capability(capability):
        monkeypatch.setattr(
            torch.cuda, 'get_device_capability', lambda _: capability
        )
        monkeypatch.setattr(torch.cuda, 'get_device_name', lambda _: 'K80')
        monkeypatch.setattr(choice, '_try', lambda _: '')

    return set_capability


def said(tensor, kernels):
    """What is answered, twice, and the lines that it takes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        answers = [runs_fused(tensor, kernels) for _ in range(2)]
    assert answers[0] == answers[1]
    return answers[0], [str(warning.message) for warning in caught]


@pytest.mark.parametrize('kernels', ['auto', 'torch'])
def test_a_cpu_takes_pytorch_without_a_word(kernels):
    assert said(torch.zeros(1), kernels) == (False, [])


def test_the_meta_device_is_counted_as_a_gpu():
    tensor = torch.zeros(1, device='meta')
    assert runs_fused(tensor) and runs_fused(tensor, 'triton')
    assert not runs_fused(tensor, 'torch')


def test_the_interpreter_runs_kernels_on_a_cpu(monkeypatch):
    pytest.importorskip('triton')
    monkeypatch.setenv('TRITON_INTERPRET', '1')
    assert said(torch.zeros(1), 'triton') == (True, [])


def test_a_cpu_without_the_interpreter_says_so_once(monkeypatch):
    pytest.importorskip('triton')
    monkeypatch.delenv('TRITON_INTERPRET', raising=False)
    answer, lines = said(torch.zeros(1), 'triton')
    assert not answer and len(lines) == 1
    assert "no kernels for tensors on 'cpu'" in lines[0]
    assert "kernels='torch'" in lines[0]


def test_without_triton(monkeypatch):
    monkeypatch.setitem(sys.modules, 'triton', None)
    answer, lines = said(OnCuda(), 'auto')
    assert not answer and len(lines) == 1
    assert 'Triton cannot be imported' in lines[0]
    assert said(OnCuda(), 'torch') == (False, [])


@pytest.mark.parametrize('capability', [(7, 0), (8, 0), (9, 0), (12, 0)])
def test_gpus_that_triton_compiles_for(gpu, capability):
    gpu(capability)
    assert said(OnCuda(), 'auto') == (True, [])


def test_where_programs_do_not_run(gpu, monkeypatch):
    """As without a C compiler, which Triton asks for."""
    tried = choice._try
    gpu((8, 0))
    monkeypatch.setattr(choice, '_try', tried)

    def no_device(_):
        raise RuntimeError('Failed to find C compiler.\nPlease specify')

    monkeypatch.setattr(torch.cuda, 'device', no_device)
    answer, lines = said(OnCuda(), 'auto')
    assert not answer and len(lines) == 1
    assert 'cuda:0 (RuntimeError: Failed to find C compiler.)' in lines[0]


def test_a_gpu_that_is_too_old(gpu):
    gpu((3, 7))
    answer, lines = said(OnCuda(), 'auto')
    assert not answer and len(lines) == 1
    assert '(7, 0)' in lines[0] and 'K80 has (3, 7)' in lines[0]


def test_a_value_that_is_none():
    for build in (
        check_kernels,
        lambda kernels: LogitStatistics(3, kernels=kernels),
        lambda kernels: BLDALoss(3, kernels=kernels),
    ):
        with pytest.raises(ValueError, match="'auto', 'triton'.*'cuda'"):
            build('cuda')


def test_the_key_is_no_setting_and_shown_where_it_is_chosen():
    loss = BLDALoss(3, kernels='torch')
    assert loss.statistics.kernels == 'torch'
    assert "kernels='torch'" in repr(loss)
    assert 'kernels' not in repr(BLDALoss(3))
    assert BLDALoss(3).state_dict().keys() == loss.state_dict().keys()


@pytest.mark.filterwarnings('error:.*lru_cache')
def test_compiled_code_has_the_answer_in_it(monkeypatch):
    """No program is tried in each iteration."""
    asked = []

    @cache
    def what_is_missing(*device):
        asked.append(device)
        return ''

    monkeypatch.setattr(choice, '_what_is_missing', what_is_missing)

    @partial(torch.compile, backend='eager', fullgraph=True)
    def doubled_by_kernels(x):
        return x * 2 if runs_fused(x, 'triton') else x

    torch.testing.assert_close(
        doubled_by_kernels(torch.ones(2)), torch.full((2,), 2.0)
    )
    assert asked == [('cpu', None)]
