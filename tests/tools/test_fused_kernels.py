"""A training on fused kernels, interpreted, against one on PyTorch."""

import shutil

import pytest
import torch

from mmseg_balance.logits import host
from mmseg_balance.logits.kernels import cross_entropy
from mmseg_balance.logits.offsets.tables import building

pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered')

STATISTICS = 'student.decode_head.loss_decode.statistics'


@pytest.fixture(autouse=True)
def _tables_by_pytorch(monkeypatch):
    """Interpreted they take most of the time; test_tabulation.py has them."""
    monkeypatch.setattr(building, 'tabulates_fused', lambda *_: False)
    # a CPU tabulates row by row, in memory that the next table takes over
    monkeypatch.setattr(host, 'on_host', lambda tensor: False)


@pytest.fixture
def train(uda_config, run_tool, tmp_path):
    """Trains DACS with BLDA for three iterations; returns its folder."""

    def run(name, kernels, *options):
        settings = dict(
            kernels=kernels,
            warmup=0,
            num_components=2,
            max_samples=16,
            grid_size=32,
        )
        key = 'model.segmentor.decode_head.loss_decode'
        config = uda_config(
            name,
            **{f'{key}.{k}': value for k, value in settings.items()},
            **{
                'train_cfg.max_iters': 3,
                'default_hooks.checkpoint.interval': 2,
            },
        )
        folder = tmp_path / name
        run_tool('train.py', config, '--work-dir', folder, *options)
        return folder

    return run


def weights(folder):
    return torch.load(folder / 'iter_3.pth', weights_only=False)['state_dict']


@pytest.fixture
def calls(monkeypatch):
    """Grows by one at each loss that a kernel computes."""
    found, compute = [], cross_entropy.adjusted_cross_entropy

    def counted(*args):
        found.append(args)
        return compute(*args)

    monkeypatch.setattr(cross_entropy, 'adjusted_cross_entropy', counted)
    return found


def test_it_ends_with_the_same_weights_and_resumes_bit_by_bit(
    train, calls, tmp_path
):
    plain = train('plain', 'torch')
    assert not calls
    fused = train('fused', 'triton')
    # source and mixed, and what is tried before the first iteration
    assert len(calls) >= 6
    expected, found = weights(plain), weights(fused)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, rtol=1e-3, atol=1e-4)
    for bank in ('source', 'target', 'anchors'):
        assert found[f'{STATISTICS}.{bank}.num_updates'].any()
    resumed = tmp_path / 'resumed'
    resumed.mkdir()
    shutil.copy(fused / 'iter_2.pth', resumed)
    (resumed / 'last_checkpoint').write_text(str(resumed / 'iter_2.pth'))
    again = weights(train('resumed', 'triton', '--resume'))
    assert all(torch.equal(again[k], v) for k, v in found.items())
