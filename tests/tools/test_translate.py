"""``mmseg-balance translate``, as it is typed."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_balance.cli.main import main
from mmseg_balance.inference.translators.network import network_translator
from mmseg_balance.models.translation import ResnetGenerator


def test_source_is_translated_once(uda_config, tmp_path, capsys):
    out = tmp_path / 'translated'
    line = ['translate', str(uda_config()), '--out', str(out), '--nproc', '1']
    main(line)
    printed = capsys.readouterr().out
    assert f'6 images translated: {out}' in printed
    assert f"source=dict(translated_root='{out}')" in printed
    assert sorted(p.name for p in out.iterdir()) == [
        *(f'{i}.png' for i in range(6)),
        'translation.json',
    ]
    main([*line, '--beta', '0.01'])
    assert '0 images translated, 6 were there' in capsys.readouterr().out


def test_folder_below_data_where_data_lie_elsewhere(
    uda_config, tmp_path, capsys, monkeypatch
):
    """A training would look for data/new there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('MMSEG_BALANCE_DATA', '/elsewhere')
    line = ['translate', str(uda_config()), '--nproc', '1', '--out']
    main([*line, 'data/new'])
    printed = capsys.readouterr().out
    assert f"source=dict(translated_root='{tmp_path}/data/new')" in printed
    main([*line, 'new'])
    assert "source=dict(translated_root='new')" in capsys.readouterr().out


@pytest.mark.parametrize(
    'words, said',
    [
        (
            ['--translator', 'cubism'],
            '--translator cubism: expected .fourier., .lab., or CONFIG',
        ),
        (
            ['--translator', 'lab', '--beta', '0.1'],
            '--beta is a setting of --translator fourier, found .* lab',
        ),
        (['--own-size'], '--own-size is a setting of a trained translator'),
        (
            ['--translator', 'cyclegan/no.py', 'no.pth'],
            'cyclegan/no.py',
        ),
        (['--beta', '0.7'], 'beta is 0.7, expected a number of 0 to 0.5'),
        (['--beta', '0', '0.1', '0.2'], r'beta is \(0.0, 0.1, 0.2\)'),
        (['--source', '1'], '--source 1 was given, .* are 0: name'),
    ],
)
def test_lines_that_cannot_work(uda_config, tmp_path, words, said):
    out = tmp_path / 'translated'
    with pytest.raises(SystemExit, match=f'^error: .*{said}'):
        main(['translate', str(uda_config()), '--out', str(out), *words])
    assert not out.exists()


def test_trained_translator(uda_config, tmp_path, capsys):
    """Any number of processes gives the bytes of the generator itself."""
    cfg = Config(
        dict(
            default_scope='mmseg',
            custom_imports=dict(imports=['mmseg_balance']),
            model=dict(
                type='CycleGAN',
                generator=dict(
                    type='ResnetGenerator', num_blocks=1, base_channels=2
                ),
            ),
            train_dataloader=dict(
                dataset=dict(
                    source=dict(pipeline=[dict(type='Resize', scale=(24, 20))])
                )
            ),
        )
    )
    config, checkpoint = tmp_path / 'gan.py', tmp_path / 'gan.pth'
    cfg.dump(config)
    torch.save(ResnetGenerator(1, 2).state_dict(), checkpoint)
    images = uda_config()
    line = ['translate', str(images), '--device', 'cpu', '--translator']
    line += [str(config), str(checkpoint), '--out']
    for nproc in '12':
        main([*line, str(tmp_path / nproc), '--nproc', nproc])
    translator = network_translator(str(config), str(checkpoint))
    folder = Path(
        Config.fromfile(images).train_dataloader.dataset.source.data_root
    )
    for i in range(6):
        names = [tmp_path / nproc / f'{i}.png' for nproc in '12']
        one, two = (name.read_bytes() for name in names)
        assert one == two
        image = cv2.imread(str(folder / f'img/train/{i}.png'))
        np.testing.assert_array_equal(
            cv2.imread(str(names[0])), translator(image)
        )
    with pytest.raises(
        SystemExit, match=r'resize "Resize.*\(24, 20\).*now null'
    ):
        main([*line, str(tmp_path / '1'), '--own-size'])
