"""Names of the classes that a model learns."""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import nn
from torch.utils.data import Dataset

from ...models.wrapped_segmentor import unwrapped


def trained_head(model: nn.Module) -> BaseDecodeHead | None:
    """Decode head that is trained, the last of several.

    Args:
        model: A segmentor or a model around one, wrapped or not.

    Returns:
        None where there is none of MMSegmentation's.
    """
    model = unwrapped(model)
    head = getattr(getattr(model, 'student', model), 'decode_head', None)
    if isinstance(head, nn.ModuleList):
        head = head[-1]
    return head if isinstance(head, BaseDecodeHead) else None


def class_names(dataset: Dataset, count: int | None = None) -> list[str]:
    """Names of the classes; 'class 7' for one without.

    Args:
        dataset: Training set, whose ``metainfo`` has names.
        count: How many classes the model has. Default: as many as names.
    """
    names = list(getattr(dataset, 'metainfo', {}).get('classes') or ())
    count = len(names) if count is None else count
    return [*names[:count], *(f'class {i}' for i in range(len(names), count))]
