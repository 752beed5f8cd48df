"""The classifier of DeepLabV2."""

from mmcv.cnn import ConvModule
from mmengine.model import ModuleList, normal_init
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..head_losses.classifier_features import split_forward


@MODELS.register_module()
class DLV2Head(BaseDecodeHead):
    """Sum of dilated 3 x 3 classifiers: the ASPP of DeepLabV2 (TPAMI 2017).

    The keys of its state dict are those of the head of that name in
    https://github.com/lhoyer/DAFormer.

    Args:
        dilations: Dilation of each classifier.
        **kwargs: Arguments of ``BaseDecodeHead``. ``channels`` and
            ``dropout_ratio`` mean nothing here.
    """

    def __init__(
        self, dilations: tuple[int, ...] = (6, 12, 18, 24), **kwargs
    ) -> None:
        kwargs.setdefault('channels', kwargs.get('num_classes'))
        kwargs['dropout_ratio'] = 0
        kwargs.setdefault('init_cfg', None)  # see init_weights
        super().__init__(**kwargs)
        del self.conv_seg  # the classifiers below give the logits
        self.dilations = dilations
        self.aspp_modules = ModuleList(
            ConvModule(
                self.in_channels,
                self.out_channels,
                3,
                padding=dilation,
                dilation=dilation,
                bias=True,
                act_cfg=None,
            )
            for dilation in dilations
        )

    def init_weights(self) -> None:
        """Normal weights of standard deviation 0.01, as DeepLabV2's.

        Not by ``init_cfg``: ``ConvModule`` initialises itself afterwards.
        """
        super().init_weights()
        for module in self.aspp_modules:
            normal_init(module.conv, std=0.01)

    @split_forward
    def forward(self, inputs: list[Tensor]) -> Tensor:
        """Logits (N, C, h, w) of the features at ``in_index``."""
        return self.cls_seg(self._forward_feature(inputs))

    def _forward_feature(self, inputs: list[Tensor]) -> Tensor:
        return self._transform_inputs(inputs)

    def cls_seg(self, feat: Tensor) -> Tensor:
        """Sum of the dilated classifiers, (N, C, h, w)."""
        return sum(module(feat) for module in self.aspp_modules)

    @property
    def first_classifier(self) -> nn.Module:
        """The first module that takes the features, see ``classifier_of``."""
        return self.aspp_modules[0]
