"""Statistics on disk: own files, and checkpoints of a training."""

import os

import pytest
import torch
from torch import nn

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import (
    load_statistics,
    save_statistics,
)

BANKS = ('source', 'target', 'anchors')


def fitted(num_classes=3, seed=0, banks=BANKS, **kwargs):
    generator = torch.Generator().manual_seed(seed)
    statistics = LogitStatistics(num_classes, **kwargs)
    for name in banks:
        bank = getattr(statistics, name)
        bank.means.copy_(torch.randn(bank.means.shape, generator=generator))
        bank.num_updates.fill_(1)
    return statistics


def assert_equal(a, b):
    assert a.state_dict().keys() == b.state_dict().keys()
    for key, value in a.state_dict().items():
        assert torch.equal(value, b.state_dict()[key]), key


class Loss(nn.Module):
    """Where BLDALoss has its statistics."""

    def __init__(self, statistics):
        super().__init__()
        self.statistics = statistics


class Head(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.conv_seg = nn.Conv2d(2, 3, 1)
        self.loss_decode = loss


class Notes:
    """What another framework notes in its checkpoints."""


def checkpoint(path, heads, prefix='student.', meta=None):
    model = nn.ModuleDict(heads)
    state = {prefix + k: v for k, v in model.state_dict().items()}
    torch.save(dict(state_dict=state, meta=meta or {}), path)
    return path


def test_round_trip(tmp_path):
    path = tmp_path / 'new' / 'a.pth'
    statistics = fitted(
        4, num_components=3, anchor=2, clip=0.02, grid_size=64, min_samples=7
    )
    meta = dict(checkpoint='a.pth', classes=['a', 'b'], pixels={'source': [1]})
    save_statistics(path, statistics, meta)
    loaded, found = load_statistics(path, num_classes=4)
    assert found == meta
    assert_equal(loaded, statistics)
    for name in ('anchor', 'clip', 'grid_size', 'min_samples'):
        assert getattr(loaded, name) == getattr(statistics, name)
    logits, labels = torch.randn(2, 4, 5, 5), torch.randint(4, (2, 5, 5))
    assert torch.equal(
        loaded.offset(logits, labels), statistics.offset(logits, labels)
    )
    assert [p.name for p in path.parent.iterdir()] == ['a.pth']


def test_source_alone_is_enough(tmp_path):
    path = tmp_path / 'a.pth'
    save_statistics(path, fitted(banks=('source', 'anchors')), {})
    assert (load_statistics(path)[0].target.num_updates == 0).all()


@pytest.mark.parametrize('prefix', ['student.', '', 'model.student.'])
def test_checkpoint_of_a_training(tmp_path, prefix):
    statistics = fitted(num_components=4)
    heads = dict(
        decode_head=Head(Loss(statistics)),
        auxiliary_head=Head(Loss(fitted(seed=1))),
    )
    meta = dict(iter=7, dataset_meta=dict(classes=('a', 'b', 'c')), cfg='x')
    path = checkpoint(tmp_path / 'iter_7.pth', heads, prefix, meta)
    loaded, found = load_statistics(path, 3)
    assert_equal(loaded, statistics)
    assert found == dict(checkpoint=str(path), iter=7, classes=['a', 'b', 'c'])


@pytest.mark.parametrize(
    'meta',
    [Notes(), dict(iter=Notes(), dataset_meta=Notes()),
     dict(dataset_meta=dict(classes=Notes()))],
)  # fmt: skip
def test_where_objects_are_left_out_nothing_is_said(tmp_path, meta):
    heads = dict(decode_head=Head(Loss(fitted())))
    path = checkpoint(tmp_path / 'a.pth', heads, meta=meta)
    assert load_statistics(path)[1] == dict(checkpoint=str(path))


def test_list_of_losses_and_cascade_of_heads(tmp_path):
    statistics = fitted()
    losses = nn.ModuleList([nn.CrossEntropyLoss(), Loss(statistics)])
    heads = [Head(Loss(fitted(seed=s))) for s in range(1, 11)]
    cascade = nn.ModuleList([*heads, Head(losses)])  # the last is number 10
    path = checkpoint(tmp_path / 'a.pth', dict(decode_head=cascade))
    assert_equal(load_statistics(path)[0], statistics)


def test_of_heads_within_the_head_the_outer_one_counts(tmp_path):
    statistics = fitted()
    head = nn.Module()  # the inner one is written first
    head.head = Head(Loss(fitted(seed=1)))
    head.loss_decode = Loss(statistics)
    path = checkpoint(tmp_path / 'a.pth', dict(decode_head=head))
    assert_equal(load_statistics(path)[0], statistics)


def test_auxiliary_head_alone_is_none(tmp_path):
    heads = dict(
        decode_head=Head(nn.CrossEntropyLoss()),
        auxiliary_head=Head(Loss(fitted())),
    )
    path = checkpoint(tmp_path / 'a.pth', heads)
    with pytest.raises(ValueError, match='mmseg-balance logits fit CONFIG'):
        load_statistics(path)


def test_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    save_statistics(path, fitted(), dict(number=1))
    with pytest.raises(TypeError, match='weights_only'):
        save_statistics(path, fitted(seed=1), dict(path=tmp_path))

    def full_disk(*_):
        raise OSError('no space')

    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', full_disk)
        with pytest.raises(OSError, match='no space'):
            save_statistics(path, fitted(seed=1), dict(number=2))
    assert load_statistics(path)[1] == dict(number=1)
    assert [p.name for p in tmp_path.iterdir()] == ['a.pth']


def test_refusals(tmp_path):
    path = tmp_path / 'a.pth'
    with pytest.raises(FileNotFoundError, match='a.pth: make it with mmseg-b'):
        load_statistics(path)
    save_statistics(path, fitted(), {})
    with pytest.raises(ValueError, match='of 3 classes, expected 19.*mmseg-b'):
        load_statistics(path, 19)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match='a.pth is no complete file'):
        load_statistics(path)
    path.write_text('something else')
    with pytest.raises(ValueError, match='a.pth is no complete file'):
        load_statistics(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match='holds a list'):
        load_statistics(path)
    torch.save(dict(a=torch.zeros(1)), path)
    with pytest.raises(ValueError, match='no logit statistics'):
        load_statistics(path)


@pytest.mark.parametrize('banks', [(), ('anchors',), ('source', 'target')])
def test_unfitted_banks_are_refused(tmp_path, banks):
    path = tmp_path / 'a.pth'
    save_statistics(path, fitted(banks=banks), {})
    with pytest.raises(ValueError, match='never fitted.*GMMUpdateHook'):
        load_statistics(path)
    heads = dict(decode_head=Head(Loss(fitted(banks=banks))))
    with pytest.raises(ValueError, match='never fitted'):
        load_statistics(checkpoint(path, heads))


def test_state_that_does_not_fit_its_settings(tmp_path):
    path = tmp_path / 'a.pth'
    save_statistics(path, fitted(), {})
    content = torch.load(path)
    content['settings']['num_components'] = 2
    torch.save(content, path)
    with pytest.raises(ValueError, match='do not fit their settings'):
        load_statistics(path)
