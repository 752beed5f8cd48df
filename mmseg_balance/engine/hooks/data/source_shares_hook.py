"""Logs how often each of several sources is drawn, and its loss."""

from collections import Counter

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from mmseg_balance.datasets.pairs.sources import SOURCE_KEY

from ....errors import UserValueError

COUNTS_KEY = 'source_samples'
SOURCE_LOSSES = 'src.'  # what those of the source objective begin with


@HOOKS.register_module()
class SourceSharesHook(Hook):
    """Says which source the samples of a training are of.

    ``source.share/NAME`` is the share of a source in all samples since the
    beginning of the training, and ``source.loss/NAME`` the sum of the losses
    of the source objective in iterations whose batch is of this source
    alone, which is known without another pass; where batches are always mixed
    there is none. Both are of rank 0. Where sources take turns, a line says
    when the next one does. A training on several sources is given the hook.

    Raises:
        ValueError: Before training: there is one source.
    """

    # in front of mmengine's logger, which is BELOW_NORMAL
    priority = 'NORMAL'
    without_effect = True

    def prepare(self, runner: Runner) -> None:
        """Refuse a training on one source."""
        dataset = runner.train_dataloader.dataset
        sources = getattr(dataset, 'sources', None)
        if sources is None or len(sources.domains) < 2:
            raise UserValueError(
                'SourceSharesHook is for a UDADataset whose source is a list: '
                "remove dict(type='SourceSharesHook') from custom_hooks"
            )

    def before_train(self, runner: Runner) -> None:
        """Go on counting where a resumed run stopped."""
        self.prepare(runner)
        sources = runner.train_dataloader.dataset.sources
        self._names, self._choice = sources.names, sources.choice
        kept = runner.message_hub.runtime_info.get(COUNTS_KEY) or {}
        self._counts = Counter({n: kept.get(n, 0) for n in self._names})

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        """Say that a phase begins."""
        if not self._choice.is_progressive:
            return
        if runner.iter not in self._choice.begins:
            return
        probs = self._choice.probs[self._choice.phase(runner.iter)]
        drawn = [
            f'{name} ({p:.0%})' if p < 1 else name
            for name, p in zip(self._names, probs, strict=True)
            if p > 0
        ]
        runner.logger.info(
            f'progressive: source samples are of {", ".join(drawn)} from '
            f'iteration {runner.iter} on'
        )
        for name, p in zip(self._names, probs, strict=True):
            if p == 0:  # or its last loss would be logged on and on
                runner.message_hub.log_scalars.pop(_loss_key(name), None)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Count the samples of the batch."""
        drawn = Counter(
            sample.metainfo[SOURCE_KEY]
            for sample in data_batch['source']['data_samples']
        )
        self._counts += drawn
        total = sum(self._counts.values())
        hub = runner.message_hub
        for name in self._names:
            key = f'train/source.share/{name}'
            # of names with 'time' in them mmengine logs the mean of the last
            hub.log_scalars.pop(key, None)
            hub.update_scalar(key, self._counts[name] / total)
        losses = [
            value
            for key, value in (outputs or {}).items()
            if key.startswith(SOURCE_LOSSES) and 'loss' in key
        ]
        if len(drawn) == 1 and losses:
            (name,) = drawn
            hub.update_scalar(_loss_key(name), sum(losses))
        hub.update_info(COUNTS_KEY, dict(self._counts))


def _loss_key(name: str) -> str:
    return f'train/source.loss/{name}'
