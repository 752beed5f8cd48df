"""Where a run writes to when nobody says it."""

import pytest

from mmseg_balance.runs.work_dir import default_work_dir

HRDA = 'hrda_gbw-0.01_mit-b5_40k_gta2cityscapes-1024x1024'


@pytest.mark.parametrize(
    ('config', 'name'),
    [
        ('a/own.py', 'own'),
        ('own.v2.yaml', 'own.v2'),
        ('exported/config', 'config'),
        ('.py', '.py'),
        (f'hrda/{HRDA}.py', HRDA),
        # names of configs, as the command line takes them
        (f'hrda/{HRDA}', HRDA),
        (f'mmseg_balance::hrda/{HRDA}', HRDA),
        ('mmseg::own', 'own'),
    ],
)
def test_it_is_named_as_the_config(config, name):
    assert default_work_dir(config) == f'work_dirs/{name}'
