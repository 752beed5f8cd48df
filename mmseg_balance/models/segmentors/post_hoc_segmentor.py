"""A trained model whose predictions are balanced (Eq. 7)."""

from inspect import ismethod
from pathlib import Path
from typing import Any

from mmengine.model import BaseModel
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import (
    ConfigType,
    OptConfigType,
    OptSampleList,
    SampleList,
)
from torch import Tensor, nn

from mmseg_balance.logits.post_hoc.scores import check_tau, table_scores
from mmseg_balance.logits.statistics.domain_statistics import (
    DOMAINS,
    check_domain,
    load_domain_statistics,
)

from ...errors import UserRuntimeError, UserValueError
from ..child_keys import name_keys_as_child
from ..panoptic import PanopticEncoderDecoder
from ..wrapped_segmentor import build_segmentor


@MODELS.register_module()
class PostHocSegmentor(BaseModel):
    """Post-hoc class balancing of any trained segmentor (Sec. 3.3.3).

    The scores of Eq. 7 replace the logits, at the size of the original
    image, and the class of the largest one is predicted. What is scored are
    the logits that the model's own ``predict`` gives, behind sliding
    windows, resizing and un-flipping.

    Segments of a panoptic segmentor are those of the balanced classes.

    Its state dict is that of ``segmentor``, key by key, so that checkpoints
    of either load into the other.

    Args:
        segmentor: Config of a segmentor or of a UDA model, or the model.
        statistics: File of the distributions of its logits, of
            mmseg-balance logits fit, or a checkpoint of
            a training with BLDALoss.
        tau: Scale of the offset, at least 0. 0 changes no prediction.
        domain: Whose distributions the logits follow: 'target' or 'source'.
        data_preprocessor: That of the segmentor, where it has none itself;
            the runner gives a config's top-level one.
        pretrained, train_cfg: Only None; ``mmseg.apis.init_model`` sets
            them.

    Attributes:
        statistics_path: ``statistics`` as given.
        statistics_meta: Where they come from.

    Raises:
        FileNotFoundError: There is no such file of statistics.
        ValueError: Statistics of another number of classes, or without what
            ``domain`` names; a segmentor with other outputs than classes; a
            setting out of range.

    Example:
        >>> cfg.model = dict(
        ...     type='PostHocSegmentor',
        ...     segmentor=cfg.model,
        ...     statistics='work_dirs/run/logit_statistics.pth',
        ... )
        >>> model = mmseg.apis.init_model(cfg, 'work_dirs/run/iter_500.pth')
    """

    balances_logits = True  # what it predicts are scores, and no logits
    not_trainable = (
        'balances what is trained already: train with the config of its '
        'segmentor, and give this one and the checkpoint to '
        'mmseg-balance test'
    )

    def __init__(
        self,
        segmentor: ConfigType | nn.Module,
        statistics: str | Path,
        tau: float = 1.0,
        domain: str = 'target',
        data_preprocessor: OptConfigType = None,
        pretrained: None = None,
        train_cfg: None = None,
    ) -> None:
        check_tau(tau)
        check_domain(domain)
        super().__init__()
        # that of the segmentor is found by __getattr__
        del self.data_preprocessor
        self.tau = tau
        self.domain = domain
        self.statistics_path = str(statistics)
        self.segmentor = build_segmentor(segmentor, data_preprocessor)
        name_keys_as_child(self, 'segmentor')
        if self.out_channels != self.num_classes:
            raise UserValueError(
                f'decode_head has out_channels={self.out_channels} and '
                f'num_classes={self.num_classes}: balancing needs one logit '
                'a class'
            )
        loaded, meta = load_domain_statistics(
            statistics, self.num_classes, domain
        )
        # no child: no checkpoint has it, and its numbers are never rounded
        vars(self).update(statistics=loaded, statistics_meta=meta)
        panoptic = [
            module
            for module in self.segmentor.modules()
            if isinstance(module, PanopticEncoderDecoder)
        ]
        for module in panoptic:
            module.rescore = self.balance
        vars(self).update(_balances_within=bool(panoptic))

    def __getattr__(self, name: str) -> Any:
        """Parts and settings of the segmentor, for who asks a segmentor.

        Its methods are not offered: their logits would not be balanced.
        """
        try:
            return super().__getattr__(name)
        except AttributeError:
            inner = vars(self).get('_modules', {}).get('segmentor')
            if not hasattr(inner, name) or ismethod(getattr(inner, name)):
                raise
        return getattr(inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """What is read from the segmentor is set there."""
        inner = vars(self).get('_modules', {}).get('segmentor')
        is_own = name in {'segmentor', *vars(self)} or hasattr(
            type(self), name
        )
        if hasattr(inner, name) and not is_own:
            setattr(inner, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return _last(self.decode_head).num_classes

    @property
    def out_channels(self) -> int:
        """Number of logits of a pixel (``SegTTAModel`` asks for it)."""
        return _last(self.decode_head).out_channels

    def forward(
        self,
        inputs: Tensor,
        data_samples: OptSampleList = None,
        mode: str = 'tensor',
    ) -> Tensor | SampleList:
        """Balanced predictions; with mode='tensor' the logits as they are.

        Raises:
            RuntimeError: mode='loss'.
        """
        if mode == 'loss':
            raise UserRuntimeError(
                'PostHocSegmentor is for tests and cannot be trained: train '
                'with the config of its `segmentor` as model'
            )
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        return self.segmentor(inputs, data_samples, mode)

    def predict(
        self, inputs: Tensor, data_samples: OptSampleList = None
    ) -> SampleList:
        """Predict, and balance what is predicted.

        Args:
            inputs: Images (N, 3, H, W).
            data_samples: Their meta information.

        Returns:
            The samples, with ``pred_sem_seg`` and the scores log p~ as
            ``seg_logits``.
        """
        samples = self.segmentor(inputs, data_samples, mode='predict')
        if not self._balances_within:
            for sample in samples:
                self.balance(sample)
        return samples

    def balance(self, sample: SegDataSample) -> None:
        """Replace logits by scores, and the predicted classes with them.

        Args:
            sample: What a segmentor predicted of one image.
        """
        logits = sample.seg_logits.data
        if self.statistics.source.means.device != logits.device:
            self.statistics.to(logits.device)
        scores = table_scores(
            logits.unsqueeze(0),
            self.statistics.table,
            self.tau,
            DOMAINS[self.domain],
        ).squeeze(0)
        sample.set_data(
            dict(
                seg_logits=PixelData(data=scores),
                pred_sem_seg=PixelData(data=scores.argmax(0, keepdim=True)),
            )
        )


def _last(head: nn.Module) -> nn.Module:
    """The head that predicts: of a cascade the last one."""
    return head[-1] if isinstance(head, nn.ModuleList) else head
