"""Files of the public repositories, for the tests that read such."""

import pytest
import torch


@pytest.fixture
def save_public(tmp_path):
    """Save a state dict, with meta data, as mmcv 1.x does."""

    def save(state, **meta):
        path = tmp_path / 'public.pth'
        torch.save(dict(state_dict=state, meta=meta), path)
        return path

    return save
