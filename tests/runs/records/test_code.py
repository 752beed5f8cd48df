"""What tells the sources of one result from those of another."""

from mmseg_balance.runs.records import code


def test_sources_are_the_same_from_a_wheel(tmp_path, monkeypatch):
    monkeypatch.setattr(code, 'PACKAGE', tmp_path)
    (tmp_path / 'losses').mkdir()
    (tmp_path / 'losses/a.py').write_text('A = 1\n')
    checkout = code.sources()
    (tmp_path / '.mim/configs').mkdir(parents=True)
    (tmp_path / '.mim/configs/b.py').write_text('B = 1\n')
    assert code.sources() == checkout
    (tmp_path / 'losses/a.py').write_text('A = 2\n')
    assert code.sources() != checkout
