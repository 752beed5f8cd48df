"""Fusion of a context and a detail prediction (HRDA)."""

from collections.abc import Callable, Sequence

import torch
from mmengine.model import ModuleList
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from ...errors import UserValueError
from ..head_losses.classifier_features import (
    captured_inputs,
    checked_features,
    classifier_of,
    dropout_of,
    logits_and_features,
)
from ..head_losses.predictions import MAIN, Prediction
from ..recording import ATTENTION, note
from ..windows import place_windows
from .scaled_features import ScaledFeatures


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
        kept = [None, None]
        if not keep_features:
            fused, detail = self.fuse(inputs)
        else:
            fused, detail, *kept = self._fuse_with_features(inputs)
        context_features, crop_features = kept
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

    def _fuse_with_features(self, inputs: ScaledFeatures) -> list[Tensor]:
        """What ``fuse`` gives, and the features of context and detail."""
        if type(self).fuse is not HRDAHead.fuse:
            # a subclass's may take the inputs alone
            with captured_inputs(
                classifier_of(self), dropout_of(self)
            ) as seen:
                fused = self.fuse(inputs)
            return [*fused, *checked_features(seen, 2)]
        kept = []

        def classify(features: Sequence[Tensor]) -> Tensor:
            logits, entered = logits_and_features(self.head, features)
            kept.append(entered)
            return logits

        return [*self.fuse(inputs, classify), *kept]

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
        size = inputs.canvas(detail.shape[-2:])
        boxes = [box.in_cells(inputs.image, size) for box in inputs.boxes]
        placed = place_windows(detail, boxes, size)

        attention = self.attend(inputs.context, context)
        if len(boxes) == 1 and boxes[0].shape != size:
            inside = torch.zeros_like(context[:1, :1])
            inputs.box_in_context(context.shape[-2:]).of(inside).fill_(1)
            attention = attention * inside
        rest = resize((1 - attention) * context, size=size, mode='bilinear')
        attention = resize(attention, size=size, mode='bilinear')
        fused = rest + attention * placed
        note(ATTENTION, lambda: _attention_to_predicted(attention, fused))
        return fused, detail

    def attend(self, features: Sequence[Tensor], context: Tensor) -> Tensor:
        """Weight of the detail, (N, C or 1, h, w) of the context's logits."""
        if isinstance(self.scale_attention, (int, float)):
            return torch.full_like(context, self.scale_attention)
        return self.scale_attention(features).sigmoid()

    def _check_attention(self, outputs: int) -> None:
        if outputs not in (1, self.num_classes):
            raise UserValueError(
                'Expected `attention.num_classes` of HRDAHead to be 1 or '
                f'num_classes={self.num_classes}, but got {outputs}'
            )


def _attention_to_predicted(attention: Tensor, fused: Tensor) -> Tensor:
    """Weight of the detail for the class that each pixel is predicted as.

    Args:
        attention: (N, C or 1, h, w).
        fused: Logits (N, C, h, w).

    Returns:
        (N, h, w).
    """
    if attention.shape[1] == 1:
        return attention[:, 0]
    return attention.gather(1, fused.argmax(1, keepdim=True)).squeeze(1)


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
