"""``mmseg-balance translate``, as it is typed."""

import pytest

from mmseg_balance.cli.main import main


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
