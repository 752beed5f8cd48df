"""What configs and scripts of users name goes on being there."""

import importlib
import json
import subprocess
import sys

import mmengine.registry
import mmseg.registry
import pytest
from helpers.paths import ROOT
from mmengine.registry import Registry

import mmseg_balance
from mmseg_balance import moved

# those of 0.1.0; names are added, none is taken away
FACE = json.loads((ROOT / 'tests/data/public_face.json').read_text())


def registered(registry: str) -> set[str]:
    """Names that this package registered."""
    found = set()
    for package in (mmseg.registry, mmengine.registry):
        of = getattr(package, registry, None)
        if isinstance(of, Registry):
            found |= {
                name
                for name, kind in of.module_dict.items()
                if kind.__module__.startswith('mmseg_balance.')
            }
    return found


@pytest.mark.parametrize('registry', FACE['registered'])
def test_registered_names_stay(registry):
    assert set(FACE['registered'][registry]) <= registered(registry)


@pytest.mark.parametrize('module', FACE['public'])
def test_public_imports_stay(module):
    found = importlib.import_module(module)
    wanted = set(FACE['public'][module])
    assert wanted <= set(found.__all__)
    assert all(hasattr(found, name) for name in found.__all__)


@pytest.mark.filterwarnings('ignore:.* lies in:DeprecationWarning')
def test_what_scripts_took_from_modules_is_where_it_was():
    gone = [
        f'{module}.{name}'
        for module, names in FACE['of_modules'].items()
        for name in names.split()
        if not hasattr(
            importlib.import_module(f'mmseg_balance.{module}'), name
        )
    ]
    assert gone == []
    assert mmseg_balance.compat.SUPPORTED


@pytest.mark.parametrize('old', moved.MOVED)
def test_an_old_name_works_and_says_where_the_module_lies(old):
    name = f'mmseg_balance.{old}'
    sys.modules.pop(name, None)
    with pytest.warns(DeprecationWarning, match=f'{name} lies in mmseg_bal'):
        module = importlib.import_module(name)
    for place in moved.MOVED[old].split():
        new = importlib.import_module(f'mmseg_balance.{place}')
        own = [k for k, v in vars(new).items() if _is_of(v, new)]
        assert own
        # of two places that hold a name, the first counts
        assert any(getattr(module, k) is getattr(new, k) for k in own)
    with pytest.raises(ImportError):
        exec(f'from {name} import no_such_name')


@pytest.mark.filterwarnings('ignore:.* lies in:DeprecationWarning')
def test_an_old_name_does_not_hide_a_function():
    importlib.import_module('mmseg_balance.logits.mixture_bias')
    bank = mmseg_balance.logits.GaussianMixtureBank((2, 2))
    assert mmseg_balance.logits.mixture_bias(bank).isnan().all()


def _is_of(value, module) -> bool:
    return getattr(value, '__module__', None) == module.__name__


def run(code: str) -> str:
    process = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


def test_logits_and_names_of_configs_need_nothing_of_openmmlab():
    out = run(
        'import sys\n'
        'from mmseg_balance.configuration.library import config_names\n'
        'assert config_names() and "torch" not in sys.modules\n'
        'import mmseg_balance.logits as logits\n'
        'assert all(hasattr(logits, name) for name in logits.__all__)\n'
        "print({m.partition('.')[0] for m in sys.modules} & "
        "{'mmengine', 'mmcv', 'mmseg'})"
    )
    assert out == 'set()'


@pytest.mark.parametrize(
    'first',
    [
        'import mmseg_balance\nfrom mmseg.apis import init_model',
        'import mmengine, mmseg_balance',
        'from mmseg_balance.models.uda import DACS',
        'import mmseg_balance, torch',
        'import sys, torch, mmseg_balance.logits\n'
        'assert not {"mmengine", "mmcv", "mmseg"} & sys.modules.keys()',
    ],
)
def test_everything_is_registered_whatever_comes_first(first):
    out = run(
        f'{first}\n'
        'import mmseg, mmengine, mmseg_balance.models as models\n'
        'from mmseg.registry import MODELS\n'
        "assert MODELS.get('DACS') is models.uda.DACS\n"
        "assert mmengine.__spec__.origin.endswith('.py')\n"
        'print(models.__spec__.name)'
    )
    assert out == 'mmseg_balance.models'
