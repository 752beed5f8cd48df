"""Losses of a segmentor's instance branch, from the features of a pass.

An instance branch is no decode head: it learns boxes and masks, or centres
and offsets, where a decode head learns a class for each pixel.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from mmseg.structures import SegDataSample
from torch import Tensor, nn

from .signatures import offers
from .watching import SeenPass, watched_passes


class InstanceBranch(Protocol):
    """A segmentor that finds instances, ``PanopticEncoderDecoder`` for one.

    Where ``instance_head.uses_decoder`` is true, its losses are
    computed on what enters the classifier of the decode head, too.
    """

    instance_head: nn.Module

    def instance_losses(
        self,
        features: Any,
        data_samples: Sequence[SegDataSample],
        decoder_features: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Losses by name, ``loss_...`` each.

        Args:
            features: Of ``training_features``.
            data_samples: Of the images, with their instances.
            decoder_features: What entered the classifier of the decode head,
                before its dropout, (N, F, h, w); None: not wanted.
        """


def finds_instances(segmentor: nn.Module) -> bool:
    """Whether a segmentor has an instance branch."""
    return offers(segmentor, InstanceBranch)


@contextmanager
def watched_for_instances(segmentor: nn.Module) -> Iterator[list[SeenPass]]:
    """Around the semantic losses of a pass whose instances are learnt next.

    Args:
        segmentor: With an instance branch or without.

    Yields:
        What :func:`instance_losses` takes; filled where the branch needs the
        features of the decode head, and empty otherwise.
    """
    head = getattr(segmentor, 'instance_head', None)
    if not getattr(head, 'uses_decoder', False):
        yield []
        return
    with watched_passes(segmentor, keep_features=True) as seen:
        yield seen


def instance_losses(
    segmentor: nn.Module,
    features: Any,
    data_samples: Sequence[SegDataSample],
    seen: Sequence[SeenPass] = (),
) -> dict[str, Tensor]:
    """Losses of the instance branch, on the features of a pass.

    Args:
        segmentor: With an instance branch or without.
        features: What ``training_features`` gave.
        data_samples: Of the images, with their instances.
        seen: Of :func:`watched_for_instances`.

    Returns:
        Losses by name; none where there is no instance branch.
    """
    if not finds_instances(segmentor):
        return {}
    decoded = seen[0].prediction.features if seen else None
    return segmentor.instance_losses(features, data_samples, decoded)
