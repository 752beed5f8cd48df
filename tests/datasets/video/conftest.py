"""A clip that is panned, and its data set."""

import pytest
from helpers.panned_clip import clip_set, write_clip


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path)


@pytest.fixture
def clip_config(clip):
    return clip_set(clip)
