"""From which files the images of a batch are."""

import os.path as osp
from collections.abc import Mapping
from typing import Any

from ...models.recording import SOURCE


def image_names(batch: Any) -> dict[str, list[str]]:
    """Names of the image files of a batch, without folders.

    Args:
        batch: Of a ``UDADataset``, or of any data set of MMSegmentation,
            whose images are then those of the source.

    Returns:
        By domain; '' for an image that does not say its file.
    """
    if not isinstance(batch, Mapping):
        return {}
    domains = batch if SOURCE in batch else {SOURCE: batch}
    return {
        domain: [
            osp.basename(_info(sample).get('img_path') or '')
            for sample in part.get('data_samples') or ()
        ]
        for domain, part in domains.items()
    }


def _info(sample: Any) -> Mapping[str, Any]:
    return getattr(sample, 'metainfo', {})
