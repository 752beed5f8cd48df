"""A trained model whose predictions are balanced (Eq. 7)."""

from pathlib import Path

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
from ..wrapped_segmentor import build_segmentor


@MODELS.register_module()
class PostHocSegmentor(BaseModel):
    """Post-hoc class balancing of any trained segmentor (Sec. 3.3.3).

    The scores of Eq. 7 replace the logits, at the size of the original
    image, and the class of the largest one is predicted. What is scored are
    the logits that the model's own ``predict`` gives, behind sliding
    windows, resizing and un-flipping.

    It has the parameters and the state dict of ``segmentor``, key by key, so
    a checkpoint of that model loads as it is.

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
        segmentor = build_segmentor(segmentor, data_preprocessor)
        super().__init__(segmentor.data_preprocessor)
        # Its parts are those of this model, so that all keys are alike; as
        # a child they would have a prefix.
        self._modules = segmentor._modules
        self._parameters = segmentor._parameters
        self._buffers = segmentor._buffers
        object.__setattr__(self, 'segmentor', segmentor)
        if self.out_channels != self.num_classes:
            raise UserValueError(
                f'decode_head has out_channels={self.out_channels} and '
                f'num_classes={self.num_classes}: balancing needs one logit '
                'a class'
            )
        self.tau = tau
        self.domain = domain
        self.statistics_path = str(statistics)
        # no part either: no key of it is in a checkpoint of the segmentor
        loaded, self.statistics_meta = load_domain_statistics(
            statistics, self.num_classes, domain
        )
        object.__setattr__(self, 'statistics', loaded)

    @property
    def decode_head(self) -> nn.Module:
        """Decode head of the model (``mmseg.apis`` asks for it)."""
        return self.segmentor.decode_head

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return _last(self.decode_head).num_classes

    @property
    def out_channels(self) -> int:
        """Number of logits of a pixel (``SegTTAModel`` asks for it)."""
        return _last(self.decode_head).out_channels

    def train(self, mode: bool = True) -> 'PostHocSegmentor':
        """Set the mode of the model."""
        self.segmentor.train(mode)
        return super().train(mode)

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
