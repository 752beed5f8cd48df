"""A model, whatever is built around it."""

from mmengine.model import is_model_wrapper
from torch import nn

from mmseg_balance.models.wrapped_segmentor import unwrapped


def test_what_ranks_wrap_is_found():
    model = nn.Linear(1, 1)
    wrapper = nn.DataParallel(model)
    assert is_model_wrapper(wrapper)
    assert unwrapped(wrapper) is model
    assert unwrapped(model) is model
