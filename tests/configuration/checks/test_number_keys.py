"""Optimizers by a name that there is not."""

import pytest
import torch
from mmengine.config import Config

from mmseg_balance.configuration.checks.number_keys import check_numbers


@pytest.mark.parametrize('key', ['optim_wrapper', 'optim_wrapper.critic'])
def test_names_of_optimizers(key):
    cfg = Config()
    for kind in ('AdamW', 'mmengine.SGD', torch.optim.Adam):
        cfg.merge_from_dict({f'{key}.optimizer': dict(type=kind, lr=0.1)})
        check_numbers(cfg)
    cfg.merge_from_dict({f'{key}.optimizer.type': 'AdmaW'})
    words = f"^{key}.optimizer.type is 'AdmaW', .*did you mean AdamW"
    with pytest.raises(ValueError, match=words):
        check_numbers(cfg)
