"""Batches on their way to the device, for which the host does not wait."""

from mmseg.models import SegDataPreProcessor
from torch import nn


def do_not_wait(preprocessor: nn.Module) -> None:
    """Let a data preprocessor copy to a GPU while the host goes on.

    mmengine's can, and MMSegmentation's leaves no key for it. The values are
    the same: what reads them is queued after the copy.

    Args:
        preprocessor: Changed in place; one of another kind is left alone.
    """
    if hasattr(preprocessor, '_non_blocking'):
        preprocessor._non_blocking = True


def preprocessed(preprocessor: nn.Module, batch: dict) -> dict:
    """What a data preprocessor makes of a training batch.

    MMSegmentation's turns BGR to RGB by a list of channels, which is copied
    to the device for each image and waited for. Here they are flipped.

    Args:
        preprocessor: Of a segmentor.
        batch: ``dict(inputs=..., data_samples=...)``.

    Returns:
        The same as ``preprocessor(batch, training=True)``.
    """
    if not _turns_channels(preprocessor):
        return preprocessor(batch, training=True)
    batch = preprocessor.cast_data(batch)
    inputs = [x.flip(0) if len(x) == 3 else x for x in batch['inputs']]
    preprocessor.channel_conversion = False
    try:
        return preprocessor(dict(batch, inputs=inputs), training=True)
    finally:
        preprocessor.channel_conversion = True


def _turns_channels(preprocessor: nn.Module) -> bool:
    own = type(preprocessor).forward is SegDataPreProcessor.forward
    return own and preprocessor.channel_conversion
