"""Translators that were trained: the generator of a config and a file."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import Resize
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

from ... import compat
from ...configuration.model_config import model_config
from ...configuration.reading import load_config
from ...errors import UserValueError, with_message
from ...files.config_walk import class_of, type_name
from ...files.hashing import hash_file
from ...files.weights import read_weights
from ...models.translation.generator_weights import (
    NAMES,
    generator_weights,
    load_generator,
)


class NetworkTranslator:
    """A generator, applied to whole images.

    Args:
        generator: Translates (N, 3, H, W).
        preprocessor: Data preprocessor of its training: its mean, deviation
            and order of channels.
        resize: What the images of the training went through before they were
            cropped: the generator is given images of that size, and what it
            gives is brought back to the size of the image. None: images are
            translated at their own size.
        device: Where the generator runs.
        **settings: What it was made by, for the record.
    """

    needs_target_image = False

    def __init__(
        self,
        generator: nn.Module,
        preprocessor: nn.Module,
        resize: Resize | None = None,
        device: str = 'cpu',
        **settings: Any,
    ) -> None:
        self.generator = generator.to(device).eval()
        self.resize = resize
        self.device = torch.device(device)
        self._mean, self._std = (
            torch.as_tensor(x).float().reshape(1, 3, 1, 1).to(device)
            for x in (preprocessor.mean.cpu(), preprocessor.std.cpu())
        )
        self._swaps = compat.swaps_channels(preprocessor)
        self._settings = settings

    @property
    def runs_in_processes(self) -> bool:
        """See :class:`Translator`."""
        return self.device.type == 'cpu'

    @torch.inference_mode()
    def __call__(
        self, image: np.ndarray, target: np.ndarray | None = None
    ) -> np.ndarray:
        """See :class:`Translator`."""
        height, width = image.shape[:2]
        given = image
        if self.resize is not None:
            given = self.resize(dict(img=image))['img']
        translated = self._denormalised(
            self.generator(self._normalised(given))
        )
        if translated.shape[-2:] != (height, width):
            translated = nn.functional.interpolate(
                translated, (height, width), mode='bicubic', antialias=True
            )
        translated = translated.clamp(0, 255).round().byte()[0]
        return translated.permute(1, 2, 0).cpu().numpy()

    def _normalised(self, image: np.ndarray) -> Tensor:
        pixels = torch.from_numpy(np.ascontiguousarray(image))
        pixels = pixels.to(self.device).permute(2, 0, 1)[None].float()
        pixels = pixels.flip(1) if self._swaps else pixels
        return (pixels - self._mean) / self._std

    def _denormalised(self, pixels: Tensor) -> Tensor:
        pixels = pixels * self._std + self._mean
        return pixels.flip(1) if self._swaps else pixels

    def settings(self) -> dict[str, Any]:
        """See :class:`Translator`."""
        return dict(
            self._settings,
            resize=None if self.resize is None else str(self.resize),
            mean=self._mean.flatten().tolist(),
            std=self._std.flatten().tolist(),
        )


def network_translator(
    config: str,
    checkpoint: str,
    direction: str = 'to_target',
    own_size: bool = False,
    device: str | None = None,
) -> NetworkTranslator:
    """The translator of a training, or of a public file of weights.

    Args:
        config: Config of the training, whose ``model`` has a ``generator``.
        checkpoint: Its checkpoint, or the file of a generator; see
            ``generator_weights``.
        direction: 'to_target', or 'to_source' for the way back.
        own_size: Translate images at their own size, where the pipeline of
            the training resizes them before it crops.
        device: Default: an accelerator where there is one.

    Raises:
        FileNotFoundError: There is no such config or file.
        ValueError: The config has no generator, or the file is of another
            one; names the file and what to set.
    """
    if direction not in NAMES:
        raise UserValueError(
            f'Expected direction to be one of {list(NAMES)}, but got '
            f'{direction!r}'
        )
    cfg = load_config(str(config), relocate=False)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    generator, preprocessor = _built(cfg, str(config))
    content = read_weights(checkpoint, mmap=True)
    try:
        load_generator(generator, generator_weights(content, direction))
    except ValueError as error:
        raise with_message(error, f'{checkpoint}: {error}') from error
    resize = None if own_size else _resize(cfg, direction)
    return NetworkTranslator(
        generator,
        preprocessor,
        resize,
        device or str(get_device()),
        type='network',
        direction=direction,
        sha256=hash_file(checkpoint),
    )


def _built(cfg: Config, name: str) -> tuple[nn.Module, nn.Module]:
    """Generator and data preprocessor of a config, and nothing else."""
    if not cfg.get('model') or not cfg.model.get('generator'):
        raise UserValueError(
            f'{name} has no model.generator: give the config of a translator, '
            'as those in configs/cyclegan are'
        )
    model = model_config(cfg)
    kind = class_of(model, MODELS)
    if not hasattr(kind, 'preprocessor_config'):
        raise UserValueError(
            f'model.type of {name} is {type_name(model)}, which is no '
            'translator: it has no preprocessor_config'
        )
    preprocessor = kind.preprocessor_config(model.get('data_preprocessor'))
    return MODELS.build(model.generator), MODELS.build(preprocessor)


def _resize(cfg: Config, direction: str) -> Resize | None:
    """What the training resizes images by before it crops them."""
    domain = 'source' if direction == 'to_target' else 'target'
    data = (cfg.get('train_dataloader') or {}).get('dataset') or {}
    data = data.get(domain) or {}
    if isinstance(data, (list, tuple)):  # of several sources the first
        data = data[0]
    for step in data.get('pipeline') or ():
        if 'Crop' in type_name(step):
            return None
        kind = class_of(step, TRANSFORMS)
        # MMSegmentation's own is one of mmcv's
        if isinstance(kind, type) and issubclass(kind, Resize):
            return TRANSFORMS.build(step)
    return None
