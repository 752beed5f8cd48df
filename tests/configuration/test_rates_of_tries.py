"""Rates of the configs of 300 iterations."""

from pathlib import Path

import pytest
from helpers.paths import ROOT
from mmengine.config import Config

FILES = sorted(
    file
    for folder in ('adaptsegnet', 'cdac', 'dacs', 'hrda', 'mic', 'video')
    for file in Path(ROOT, 'configs', folder).glob('*_300_*.py')
)


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.stem)
def test_a_rate_is_that_of_its_network(file):
    wrapper = Config.fromfile(file).optim_wrapper
    rate = wrapper.get('student', wrapper).optimizer.lr
    # 1e-3 was chosen with EfficientNet-Lite0, nothing for transformers
    assert rate == (1e-3 if 'lite0' in file.stem else 2e-4)
    assert ('lite0' in file.stem) != ('-tiny_' in file.stem)
