"""Modules that a config imports and that cannot be imported."""

import pytest

from mmseg_balance.configuration.reading import read_config

FILES = {
    'toy_broken.py': 'a = (',
    'toy_lacking.py': 'import toy_of_nobody',
    'toy_wrong.py': 'from math import tau_of_nobody',
}


@pytest.mark.parametrize(
    'imports, error, message',
    [
        ("'toy_lost'", ImportError, "No module named 'toy_lost'.*PYTHONPATH"),
        ("'toy_lacking'", ImportError, "No module named 'toy_of_nobody'$"),
        ("'toy_wrong'", ImportError, "cannot import name 'tau_of_nobody'"),
        ("'toy_broken'", ValueError, 'toy_broken.py, which .* in line 1'),
    ],
)
def test_modules(tmp_path, monkeypatch, imports, error, message):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = tmp_path / 'config.py'
    config.write_text(f'custom_imports = dict(imports=[{imports}])')
    with pytest.raises(error, match=message):
        read_config(config)


def test_no_modules(tmp_path):
    config = tmp_path / 'config.py'
    config.write_text("custom_imports = 'toy'")
    with pytest.raises(TypeError, match='custom_imports of .*config.py is no'):
        read_config(config)
