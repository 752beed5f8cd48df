"""A training on few target images, through the tools."""

import shutil

import pytest
import torch

from mmseg_balance.runs.work_dir import latest_checkpoint

FEW = 'train_dataloader.dataset.few_shot'
NO_DRY_RUN = {'dry_run': False}


def names(work_dir):
    return (work_dir / 'few_shot.txt').read_text().split()


def weights(work_dir):
    return torch.load(work_dir / 'iter_6.pth', weights_only=False)[
        'state_dict'
    ]


def test_a_resumed_run_has_the_same_and_no_other(
    uda_config, run_tool, tmp_path
):
    whole, begun = tmp_path / 'whole', tmp_path / 'begun'
    few = {FEW: 2} | NO_DRY_RUN
    run_tool('train.py', uda_config('few', **few), '--work-dir', whole)
    assert len(names(whole)) == 2
    log = next(whole.glob('*/*.log')).read_text()
    assert (
        f'target: 2 of 5 images (few_shot=2, seed 0), named in {whole}/' in log
    )

    shutil.copytree(whole, begun)
    (begun / 'few_shot.txt').unlink()
    (begun / 'iter_6.pth').unlink()
    (begun / 'last_checkpoint').write_text(str(begun / 'iter_3.pth'))
    assert latest_checkpoint(begun).name == 'iter_3.pth'
    # read back, from a list: the same images
    again = uda_config('again', **{FEW: str(whole / 'few_shot.txt')})
    run_tool('train.py', again, '--work-dir', begun, '--resume')
    assert names(begun) == names(whole)
    first, second = weights(whole), weights(begun)
    for key, value in first.items():
        assert torch.equal(value, second[key]), key

    for other, what in ((3, '3 chosen target images'), (None, 'all target')):
        config = uda_config(f'other_{other}', **{FEW: other} | NO_DRY_RUN)
        with pytest.raises(SystemExit) as error:
            run_tool(
                *('train.py', config, '--work-dir', tmp_path / 'other'),
                *('--resume', whole / 'iter_3.pth'),
            )
        text = str(error.value)
        assert 'iter_3.pth was trained on 2 chosen target images (' in text
        assert f'and few_shot gives {what}' in text
        assert 'Set few_shot to the few_shot.txt of the work folder' in text


def test_check_and_browse_name_them(uda_config, run_tool, tmp_path, capsys):
    config = uda_config('few', **{FEW: 2})
    run_tool('check_data.py', config, '--nproc', 1, '--work-dir', tmp_path)
    out = capsys.readouterr().out
    # others may be bad, and are not read
    assert 'train_dataloader.dataset.target: 2 images; width' in out
    assert 'a training sees 2 of 5 images (few_shot=2, seed 0) of the t' in out
    run_tool('browse.py', config, '--num', 1, '--out', tmp_path / 'seen')
    assert 'a training sees 2 of 5 images' in capsys.readouterr().out


@pytest.mark.parametrize('few_shot, message', [
    ([], 'few_shot is an empty list'),
    (6, 'few_shot asks for 6 target images, and there are 5'),
    (['9'], "few_shot: 1 names are those of no image ('9')"),
])  # fmt: skip
def test_what_cannot_be_chosen_is_one_line(
    few_shot, message, uda_config, run_tool, tmp_path, capsys
):
    config = uda_config('few', **{FEW: few_shot})
    with pytest.raises(SystemExit):
        run_tool('check_data.py', config, '--nproc', 1, '--work-dir', tmp_path)
    assert f'STOPS: {message}' in capsys.readouterr().out
    with pytest.raises(SystemExit) as error:
        run_tool('train.py', config, '--work-dir', tmp_path / 'work')
    assert message in str(error.value)
    assert '\n' not in str(error.value).strip()
