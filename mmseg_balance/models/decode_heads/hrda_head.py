"""Fusion of a context and a detail prediction (HRDA)."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import torch
from mmengine.model import ModuleList
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from ...errors import UserValueError
from ..head_losses.classifier_features import logits_and_features
from ..head_losses.predictions import MAIN, Prediction
from ..windows import Box


class ScaledFeatures(NamedTuple):
    """Features of an image at two scales.

    Attributes:
        context: Of the whole image at the lower resolution.
        detail: Of windows at the full resolution, in groups that go through
            the head together. In all W * N, all images of the first window
            first.
        boxes: The W windows, in pixels of the image.
        image: Height and width of the image.
        step: Offsets of random windows are multiples of it.
    """

    context: Sequence[Tensor]
    detail: Sequence[Sequence[Tensor]]
    boxes: list[Box]
    image: tuple[int, int]
    step: int = 1


@MODELS.register_module()
class HRDAHead(BaseDecodeHead):
    """Scale attention between context and detail (HRDA, ECCV 2022).

    One head predicts both scales; a second one, on the context, says for
    each class how much the detail counts. Where no window is, the context
    counts alone. Logits and state dict agree with the head of that name in
    https://github.com/lhoyer/HRDA.

    The fused prediction and the detail prediction have losses of their own,
    made from the same config: ``loss_decode`` and ``head.loss_decode``. A
    loss that keeps statistics keeps them for each.

    Args:
        head: Config of the head, without what this one has: classes, losses,
            ``ignore_index``.
        attention: Config of the head that attends, likewise, but for
            ``num_classes=1``: one weight for all classes. Or a number in
            [0, 1]: a fixed weight of the detail.
        num_classes: Number of classes C.
        detail_loss_weight: Share of the detail loss, [0, 1); that of the
            fused loss is the rest.
        loss_decode: Config of one loss, or a list of such.
        align_corners: Must be False, as boxes are multiples of cells.
        ignore_index: Label of ignored pixels.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        head: ConfigType,
        attention: ConfigType | float,
        num_classes: int,
        detail_loss_weight: float = 0.1,
        loss_decode: ConfigType | list[ConfigType] = dict(  # noqa: B006
            type='CrossEntropyLoss'
        ),
        align_corners: bool = False,
        ignore_index: int = 255,
    ) -> None:
        if not 0 <= detail_loss_weight < 1:
            raise UserValueError(
                'Expected `detail_loss_weight` to be in [0, 1), but got '
                f'{detail_loss_weight}'
            )
        if align_corners:
            raise UserValueError(
                'HRDAHead puts detail crops at multiples of cells of the '
                'context, which align_corners=True moves: set it to False'
            )
        shared = dict(align_corners=False, ignore_index=ignore_index)
        _check_inner('head', head, dict(shared, num_classes=num_classes))
        if isinstance(attention, dict):
            _check_inner('attention', attention, shared)
        filled = dict(shared, num_classes=num_classes, loss_decode=loss_decode)
        inner = MODELS.build({**head, **filled})
        super().__init__(
            in_channels=inner.in_channels,
            channels=inner.channels,
            num_classes=num_classes,
            dropout_ratio=0,
            in_index=inner.in_index,
            input_transform=inner.input_transform,
            loss_decode=loss_decode,
            init_cfg=None,
            **shared,
        )
        del self.conv_seg  # its parts predict
        self.head = inner
        self.detail_loss_weight = detail_loss_weight
        if isinstance(attention, dict):
            self.scale_attention = MODELS.build(
                {'num_classes': num_classes, **attention, **shared}
            )
            self.scale_attention.loss_decode = ModuleList()
            self._check_attention(self.scale_attention.out_channels)
        elif isinstance(attention, (int, float)) and (
            0 <= attention <= 1 and not isinstance(attention, bool)
        ):
            self.scale_attention = attention
        else:
            raise UserValueError(
                'Expected `attention` of HRDAHead to be the config of a head '
                f'or a number in [0, 1], but got {attention!r}'
            )

    def forward(self, inputs: ScaledFeatures) -> Tensor:
        """Fused logits, (N, C, H / stride, W / stride).

        Args:
            inputs: Of an ``HRDAEncoderDecoder``.
        """
        return self.fuse(inputs)[0]

    def training_predictions(
        self, inputs: ScaledFeatures, keep_features: bool = False
    ) -> list[Prediction]:
        """The fused prediction, and that of the one detail crop.

        Args:
            inputs: Of ``extract_train_feat``.
            keep_features: Whether predictions have the features that entered
                the classifier: the fused one those of the context.
        """
        kept = []

        def classify(features: Sequence[Tensor]) -> Tensor:
            logits, entered = logits_and_features(self.head, features)
            kept.append(entered)
            return logits

        if keep_features:
            fused, detail = self.fuse(inputs, classify)
        else:
            fused, detail = self.fuse(inputs)
        context_features, crop_features = kept or (None, None)
        (box,) = inputs.boxes
        share = self.detail_loss_weight
        predictions = [
            Prediction(MAIN, self, fused, None, 1 - share, context_features)
        ]
        if share:
            predictions.append(
                Prediction(
                    f'{MAIN}.detail',
                    self.head,
                    detail,
                    box,
                    share,
                    crop_features,
                )
            )
        return predictions

    @property
    def classifying_head(self) -> BaseDecodeHead:
        """The head within, whose classifier gives all logits."""
        return self.head

    def fuse(
        self,
        inputs: ScaledFeatures,
        classify: Callable[[Sequence[Tensor]], Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Predict both scales and join them.

        fused = up((1 - a) * context) + up(a) * detail, with a = 0 outside of
        the windows, and windows averaged where they overlap.

        Args:
            inputs: Features, W windows of each of N images.
            classify: What predicts the context, then each group of windows.
                Default: ``head``.

        Returns:
            Fused logits (N, C, H / s, W / s), s the stride of the head, and
            the logits of the windows (W * N, C, h / s, w / s).
        """
        classify = classify or self.head
        context = classify(inputs.context)
        detail = torch.cat([classify(group) for group in inputs.detail])
        size = self._canvas(inputs, detail)
        boxes = [box.in_cells(inputs.image, size) for box in inputs.boxes]
        placed = place_windows(detail, boxes, size)

        attention = self.attend(inputs.context, context)
        if len(boxes) == 1 and boxes[0].shape != size:
            inside = torch.zeros_like(context[:1, :1])
            self._in_context(inputs, context).of(inside).fill_(1)
            attention = attention * inside
        rest = resize((1 - attention) * context, size=size, mode='bilinear')
        attention = resize(attention, size=size, mode='bilinear')
        return rest + attention * placed, detail

    def attend(self, features: Sequence[Tensor], context: Tensor) -> Tensor:
        """Weight of the detail, (N, C or 1, h, w) of the context's logits."""
        if isinstance(self.scale_attention, (int, float)):
            return torch.full_like(context, self.scale_attention)
        return self.scale_attention(features).sigmoid()

    def _canvas(
        self, inputs: ScaledFeatures, detail: Tensor
    ) -> tuple[int, int]:
        """Height and width of the fused logits."""
        size = []
        for pixels, side, cells in zip(
            inputs.image,
            inputs.boxes[0].shape,
            detail.shape[-2:],
            strict=True,
        ):
            count, rest = divmod(pixels * cells, side)
            if rest:
                raise UserValueError(
                    f'HRDAHead predicts {cells} cells for {side} pixels of a '
                    f'detail window, which do not divide the {pixels} pixels '
                    'of the image: set detail_crop_size and the size of the '
                    'image to multiples of the stride of the head'
                )
            size.append(count)
        return tuple(size)

    def _in_context(self, inputs: ScaledFeatures, context: Tensor) -> Box:
        """The random window in cells of the context.

        Raises:
            ValueError: Windows need not begin with a cell, whether this one
                does or not; says which divisor to set.
        """
        size = tuple(context.shape[-2:])
        for pixels, cells in zip(inputs.image, size, strict=True):
            cell = Fraction(pixels, cells)
            if Fraction(inputs.step) % cell:
                raise UserValueError(
                    f'A cell of the context is {cell} pixels of the image, '
                    f'but detail windows begin at multiples of {inputs.step}:'
                    ' set crop_coord_divisible of the segmentor to a multiple'
                    f' of {cell.numerator} (stride of the head /'
                    ' scale)'
                )
        return inputs.boxes[0].in_cells(inputs.image, size)

    def _check_attention(self, outputs: int) -> None:
        if outputs not in (1, self.num_classes):
            raise UserValueError(
                'Expected `attention.num_classes` of HRDAHead to be 1 or '
                f'num_classes={self.num_classes}, but got {outputs}'
            )


def _check_inner(name: str, config: ConfigType, outer: dict) -> None:
    """Refuse settings of a head within that would be replaced unseen."""
    for key, value in config.items():
        own = key in ('loss_decode', 'sampler') and value is not None
        if own or (key in outer and value != outer[key]):
            raise UserValueError(
                f'`{name}.{key}` of HRDAHead is {value}, but that of the '
                f'HRDAHead around it counts: remove it from `{name}` (pixel '
                'samplers are not supported)'
            )


def place_windows(
    logits: Tensor, boxes: list[Box], size: tuple[int, int]
) -> Tensor:
    """Put windows where they are, averaged where they overlap.

    Args:
        logits: All N images of the first of W windows first,
            (W * N, C, h, w).
        boxes: The W windows, in cells of ``logits``.
        size: Height and width of the result.

    Returns:
        (N, C, *size), 0 where no window is.
    """
    if len(boxes) == 1 and boxes[0].shape == size:
        return logits
    windows = logits.chunk(len(boxes))
    placed = logits.new_zeros((*windows[0].shape[:2], *size))
    count = logits.new_zeros(size)
    for box, window in zip(boxes, windows, strict=True):
        box.of(placed).add_(window)
        box.of(count).add_(1)
    if len(boxes) > 1:
        placed = placed / count.clamp_(min=1)
    return placed
