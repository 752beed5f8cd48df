"""Reading public files, and what must not be written over."""

import numpy as np
import pytest
import torch
from helpers.public_layouts import daformer, refusal, uda, under

from mmseg_balance.checkpoints.public.checkpoint_layout import check_target
from mmseg_balance.checkpoints.public.conversion import convert_checkpoint


def test_checkpoints_that_need_no_conversion(save_public):
    student = under('student.', daformer())
    for state, meta in (
        (student, {}),
        (under('module.', student), {}),
        (daformer(), dict(dataset_meta=dict(classes=('a',)))),
        (daformer(), dict(mmengine_version='0.10.7')),
    ):
        assert 'needs no conversion' in refusal(save_public(state, **meta))


class Thing:
    """Something that weights_only does not load."""


@pytest.mark.parametrize('zipped', [True, False])
def test_object_in_the_way_is_named(tmp_path, zipped):
    path = tmp_path / 'a.pth'
    torch.save(
        dict(state_dict=daformer(), meta=dict(hook=Thing())),
        path,
        _use_new_zipfile_serialization=zipped,
    )
    message = refusal(path)
    assert 'test_checkpoint_layout.Thing' in message
    assert 'weights_only' in message and str(path) in message


def test_numbers_of_numpy_1(save_public, tmp_path, monkeypatch):
    """Meta data with a score, pickled under numpy's former module name."""
    import zipfile

    new = save_public(uda('model'), hook_msgs=dict(best_score=np.float64(0.5)))
    old = tmp_path / 'old.pth'
    with zipfile.ZipFile(new) as source, zipfile.ZipFile(old, 'w') as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith('data.pkl'):
                assert b'numpy._core.multiarray' in data
                data = data.replace(b'numpy._core.', b'numpy.core.')
            target.writestr(name, data)
    converted = convert_checkpoint(old)
    assert converted.original_meta['hook_msgs']['best_score'] == 0.5


def test_files_that_are_no_checkpoints(tmp_path, save_public):
    path = save_public(uda('model'))
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b'', b'text'):
        path.write_bytes(content)
        assert 'no complete checkpoint' in refusal(path)
    for state in ({}, {'a': 3}, [torch.rand(2)]):
        torch.save(dict(state_dict=state), path)
        assert str(path) in refusal(path)
    with pytest.raises(FileNotFoundError, match='none.pth'):
        convert_checkpoint(tmp_path / 'none.pth')


def test_target(tmp_path):
    source, out = tmp_path / 'a', tmp_path / 'b'
    source.touch()
    check_target(source, out, False)
    (tmp_path / 'link').symlink_to(source)
    for same in (source, tmp_path / '.' / 'a', tmp_path / 'link'):
        with pytest.raises(FileExistsError, match='is the original'):
            check_target(source, same, True)
    out.touch()
    with pytest.raises(FileExistsError, match='--force'):
        check_target(source, out, False)
    check_target(source, out, True)
    with pytest.raises(IsADirectoryError):
        check_target(source, tmp_path, True)
