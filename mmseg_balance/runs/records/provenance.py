"""What a run was made with beside its settings: code, versions and data."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from ...datasets.loading.leaves import keyed_leaves
from ...datasets.loading.transform_kinds import is_label_loader
from .code import changed_code, own_code

PROVENANCE_KEY = 'provenance'
NUM_SIZES = 32


def provenance(dataset: Any) -> dict[str, Any]:
    """What a checkpoint notes of the run that wrote it.

    Args:
        dataset: Training set.

    Returns:
        'versions' by package, 'sources' of this one as a hash, 'data', see
        :func:`describe_data`, and 'few_shot' where target images were chosen.
    """
    noted = own_code() | dict(data=describe_data(dataset))
    few_shot = getattr(dataset, 'few_shot', None)
    return (
        noted if few_shot is None else noted | dict(few_shot=few_shot.digest)
    )


def describe_data(dataset: Any) -> dict[str, str]:
    """A few words for the images of a data set, the same wherever they lie.

    Args:
        dataset: ``UDADataset``, or another whose parts are data sets of
            mmengine.

    Returns:
        By 'source' and 'target', or 'data' of another: the number of images
        and a hash of their names and of the sizes of 32 of the files. By
        'target labels', where such are loaded: see :func:`describe_labels`.
    """
    domains = {
        name: getattr(dataset, name, None) for name in ('source', 'target')
    }
    if domains['source'] is None:
        domains = dict(data=dataset)
    found = {
        name: describe_files(domain)
        for name, domain in domains.items()
        if domain is not None
    }
    labels = describe_labels(domains.get('target'))
    return found if labels is None else found | {'target labels': labels}


def describe_files(domain: Any) -> str:
    """The images of one domain in a few words.

    Args:
        domain: Its data set.

    Returns:
        Their number and 12 hex digits of their names, below ``data_root``,
        and of the sizes of 32 of them.
    """
    images = list(_images(domain))
    digest = hashlib.sha256()
    # whose prefixes are absolute: below the folder of all of them
    rootless = [os.path.dirname(image) for root, image in images if not root]
    common = os.path.commonpath(rootless) if rootless else ''
    for root, image in images:
        name = image
        if '://' not in f'{root}{image}':
            name = os.path.relpath(image, root or common or '.')
        digest.update(f'{name}\n'.encode())
    for _, image in images[:: max(len(images) // NUM_SIZES, 1)]:
        file = Path(image)
        size = file.stat().st_size if file.is_file() else None
        digest.update(f'{size}\n'.encode())
    return f'{len(images)} images {digest.hexdigest()[:12]}'


def describe_labels(domain: Any) -> str | None:
    """The labels of a target in a few words, which may be written anew.

    Args:
        domain: Its data set, or None.

    Returns:
        Their number and 12 hex digits of the names of their images and of
        their sizes; None where none are loaded.
    """
    digest, number = hashlib.sha256(), 0
    for _, leaf in () if domain is None else keyed_leaves(domain, ''):
        if not isinstance(leaf, BaseDataset) or not any(
            map(is_label_loader, leaf.pipeline.transforms)
        ):
            continue
        for i in range(len(leaf)):
            info = leaf.get_data_info(i)
            file = Path(info.get('seg_map_path') or '')
            size = file.stat().st_size if file.is_file() else None
            digest.update(f'{Path(info["img_path"]).name} {size}\n'.encode())
            number += 1
    return f'{number} labels {digest.hexdigest()[:12]}' if number else None


def changed_provenance(
    old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> dict[str, list[str]]:
    """What is of other code or other data.

    Args:
        old: What a checkpoint noted; None where it is of an earlier version.
        new: What is the case now.

    Returns:
        Lines by 'code' and 'data', each with what was and what is.
    """
    old = old or {}
    data = [
        f'{name} was {was}, is {new["data"].get(name, "none")}'
        for name, was in old.get('data', {}).items()
        if new['data'].get(name) != was
    ]
    return dict(code=changed_code(old, new), data=data)


def _images(dataset: Any) -> Iterator[tuple[str, str]]:
    """Folder and path of each image, through whatever wraps the data set."""
    for _, leaf in keyed_leaves(dataset, ''):
        if isinstance(leaf, BaseDataset):
            for i in range(len(leaf)):
                path = leaf.get_data_info(i).get('img_path', i)
                yield leaf.data_root or '', str(path)
