"""A trained segmentation network that looks at translations."""

import os

import torch
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn

from ... import compat
from ...errors import (
    UserRuntimeError,
    UserTypeError,
    UserValueError,
    with_message,
)
from ...files.weights import download_weights, read_weights
from ...state_dicts import differences, shown
from ..uda.checks.segmentor import check_segmentor

KEY = 'model.segmentation'
GIVE = (
    f"set {KEY} to dict(config='CONFIG', checkpoint='CHECKPOINT') of a "
    'training'
)
# of the state dict, and without effect on logits
NOT_ASKED = ('loss_decode.', 'auxiliary_head.', 'num_batches_tracked')


class FrozenSegmentor(nn.Module):
    """Logits of a segmentor that nothing changes.

    It is in evaluation mode at all times, no part of the state dict, since
    its weights are in a file already, and moves with the module from device
    to device. Gradients flow through it, to the images.

    Args:
        segmentor: Config of an ``EncoderDecoder`` with
            ``init_cfg=dict(type='Pretrained', checkpoint=...)``, and its
            ``prefix`` where the file is of a UDA model. Where there is no
            such file, :meth:`load` says so, and a model can be built
            without.
        preprocessor: What normalised the images that it is shown.

    Raises:
        TypeError, ValueError: It is no such segmentor, or the file is of
            another one; names the key.
    """

    def __init__(self, segmentor: ConfigType, preprocessor: nn.Module) -> None:
        super().__init__()
        init_cfg = segmentor.get('init_cfg') or {}
        self.path = init_cfg.get('checkpoint')
        self.prefix = init_cfg.get('prefix') or ''
        # in a tuple: neither saved nor set to training mode
        self._network: tuple[nn.Module, ...] = ()
        self._is_loaded = False
        if 'type' in segmentor:
            network = _built(segmentor)
            self._network = (network,)
            self.renormalise = Renormalisation(
                preprocessor, network.data_preprocessor
            )
            # what does not fit is said before anything of a run is changed
            if self.path and os.path.isfile(self.path):
                self.load()

    def load(self) -> None:
        """Load the weights, unless they are there.

        Raises:
            FileNotFoundError, ValueError: There is no file, or it does not
                hold all weights; names them.
        """
        if self._is_loaded:
            return
        if not self._network or not self.path:
            raise UserValueError(
                f'{KEY} names no weights, and its outputs would mean nothing: '
                f'{GIVE}, which mmseg-balance train reads; elsewhere give '
                'the config of a segmentor, its weights as init_cfg=dict('
                "type='Pretrained', checkpoint='CHECKPOINT')"
            )
        if '://' in self.path:
            content = download_weights(self.path)
        else:
            content = read_weights(self.path, mmap=True)
        weights = content.get('state_dict', content)
        prefix = f'{self.prefix.rstrip(".")}.' if self.prefix else ''
        weights = {
            key.removeprefix('module.').removeprefix(prefix): value
            for key, value in weights.items()
            if key.removeprefix('module.').startswith(prefix)
        }
        (network,) = self._network
        wanted = {
            key: value
            for key, value in network.state_dict().items()
            if not any(part in key for part in NOT_ASKED)
        }
        wrong = differences(wanted, weights)
        if wrong:
            raise UserValueError(
                f'{self.path} does not fit {KEY}: {shown(wrong)}; {GIVE}, '
                'both of one run'
            )
        found = {key: weights[key] for key in wanted}
        network.load_state_dict(found, strict=False)
        self._is_loaded = True

    def forward(self, images: Tensor) -> Tensor:
        """Logits of its decode head.

        Args:
            images: As the translator is given them, (N, 3, H, W).

        Returns:
            (N, C, h, w), at the head's own resolution.

        Raises:
            RuntimeError: :meth:`load` was not called.
            TypeError: The head gives something else.
        """
        if not self._is_loaded:
            raise UserRuntimeError(
                f'the weights of {KEY} are not loaded: call init_weights() '
                'of the model, as the runner does'
            )
        (network,) = self._network
        features = network.extract_feat(self.renormalise(images))
        logits = network.decode_head.forward(features)
        if not isinstance(logits, Tensor):
            raise UserTypeError(
                f'{KEY}.decode_head {type(network.decode_head).__name__} '
                f'gives a {type(logits).__name__}, expected logits (N, C, h, '
                'w): take a segmentor with one prediction'
            )
        return logits

    def _apply(self, *args, **kwargs) -> nn.Module:
        for network in self._network:
            network._apply(*args, **kwargs)
        return super()._apply(*args, **kwargs)


def _built(segmentor: ConfigType) -> nn.Module:
    """A segmentor that stays as it is."""
    config = {k: v for k, v in segmentor.items() if k != 'init_cfg'}
    # the first weights of what is beside it do not depend on it
    with torch.random.fork_rng(devices=[]):
        network = MODELS.build(config)
    try:
        check_segmentor(network)
    except (TypeError, ValueError) as error:
        raise with_message(error, f'{KEY}: {error}') from error
    return network.eval().requires_grad_(False)


class Renormalisation(nn.Module):
    """Turns images of one data preprocessor into those of another.

    Args:
        before: What normalised the images.
        after: What would have normalised them for the segmentor.
    """

    def __init__(self, before: nn.Module, after: nn.Module) -> None:
        super().__init__()
        self.flips = compat.swaps_channels(before) != compat.swaps_channels(
            after
        )
        std_before, mean_before = _scale(before)
        std_after, mean_after = _scale(after)
        if self.flips:
            std_before, mean_before = std_before.flip(0), mean_before.flip(0)
        # on the device of the model, so that no step copies them there
        factor = std_before / std_after
        self.register_buffer('factor', factor, persistent=False)
        offset = (mean_before - mean_after) / std_after
        self.register_buffer('offset', offset, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W), as its input; differentiable."""
        images = images.flip(1) if self.flips else images
        return images * self.factor + self.offset


def _scale(preprocessor: nn.Module) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean, (3, 1, 1); 1 and 0 without."""
    if getattr(preprocessor, 'mean', None) is None:
        return torch.ones(3, 1, 1), torch.zeros(3, 1, 1)
    return tuple(
        torch.as_tensor(x).detach().float().cpu().reshape(3, 1, 1)
        for x in (preprocessor.std, preprocessor.mean)
    )
