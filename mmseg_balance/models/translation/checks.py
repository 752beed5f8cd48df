"""What cannot work of a translator, said when it is built."""

from collections.abc import Sequence
from typing import Any

from ...errors import UserValueError
from ...number_checks import check_count, check_number
from .gan_losses import GAN_LOSSES
from .generator_losses import GeneratorLosses
from .perceptual import DISTANCES

OWNER = 'CycleGAN'
CHOICES = dict(ppl_distance=DISTANCES, gan_loss=GAN_LOSSES)


def check_settings(losses: GeneratorLosses, pool_size: int) -> None:
    """Refuse settings of ``CycleGAN`` that are out of range.

    Raises:
        ValueError: Names the key, the value and what was expected.
    """
    for name, known in CHOICES.items():
        value = getattr(losses, name)
        if value not in known:
            raise UserValueError(
                f'Expected `{name}` of {OWNER} to be one of {sorted(known)}, '
                f'but got {value!r}'
            )
    for name, value in vars(losses).items():
        if name not in CHOICES:
            check_number(OWNER, name, value)
    if pool_size != 0:
        check_count(OWNER, 'pool_size', pool_size)


def check_batch(data: Any) -> None:
    """Refuse batches of other data sets than ``UDADataset``.

    Raises:
        ValueError: Says what to set.
    """
    if not isinstance(data, dict) or not {'source', 'target'} <= data.keys():
        raise UserValueError(
            'Expected batches dict(source=..., target=...): set '
            "train_dataloader.dataset.type='UDADataset', with a source and a "
            'target'
        )


def check_unpadded(domain: str, samples: Sequence[Any]) -> None:
    """Refuse padding, which a translator would learn to make.

    Args:
        domain: 'source' or 'target', for the error.
        samples: Of a batch, behind its data preprocessor.

    Raises:
        ValueError: Names an image, and what to set.
    """
    for sample in samples:
        info = sample.metainfo
        if any(info.get('padding_size') or ()):
            raise UserValueError(
                f'the {domain} image {info.get("img_path")} gives a crop of '
                f'{tuple(info["img_shape"][:2])} (height, width), which '
                'model.data_preprocessor.size pads, and a translator would '
                'learn the padding: resize images in '
                f'{domain}.pipeline before they are cropped, or set both '
                'sizes to less'
            )
