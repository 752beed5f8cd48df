"""Images of several suffixes, and annotation lists as people write them."""

import os.path as osp
from collections.abc import Iterator, Sequence

from mmengine.fileio import get_text
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from ...errors import UserValueError
from .folders import names_in

BYTE_ORDER_MARK = '\ufeff'


class ImageSuffixes:
    """Lets ``img_suffix`` of a data set be several suffixes.

    To be put in front of a subclass of ``BaseSegDataset``. Lists of names
    (``ann_file``) may begin with a byte order mark, have blank lines, spaces
    and Windows' line ends, and name images with their suffix or without.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        **kwargs: Of the data set.

    Raises:
        ValueError: The list of names is not UTF-8.
    """

    def __init__(
        self, *, img_suffix: str | Sequence[str] = '.jpg', **kwargs
    ) -> None:
        # a tuple is what str.endswith takes; in config files it may be a list
        if not isinstance(img_suffix, str):
            img_suffix = tuple(img_suffix)
        super().__init__(img_suffix=img_suffix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """List the images, as ``BaseSegDataset`` does for one suffix.

        Returns:
            An entry for each image, by path, or in the order of the list.
        """
        if self.ann_file and not osp.isdir(self.ann_file):
            listed: dict[str, set[str]] = {}
            return [self._entry(n, listed) for n in self._listed_names()]
        found: dict[str, dict] = {}
        suffixes = self.img_suffix
        try:
            for suffix in _by_length(suffixes):
                # what the parent takes
                self.img_suffix = suffix
                for info in super().load_data_list():
                    found.setdefault(info['img_path'], info)
        finally:
            self.img_suffix = suffixes
        return sorted(found.values(), key=lambda info: info['img_path'])

    def _listed_names(self) -> Iterator[str]:
        try:
            text = get_text(self.ann_file, backend_args=self.backend_args)
        except UnicodeDecodeError as error:
            raise UserValueError(
                f'{self.ann_file} (ann_file) is not UTF-8 ({error}): save it '
                'as UTF-8'
            ) from error
        for line in text.removeprefix(BYTE_ORDER_MARK).splitlines():
            if line.strip():
                yield line.strip()

    def _entry(self, name: str, listed: dict[str, set[str]]) -> dict:
        suffixes = _by_length(self.img_suffix)
        stem, suffix = name, ''
        for end in suffixes:
            if name.endswith(end):
                stem, suffix = name[: len(name) - len(end)], end
                break
        else:
            suffix = self._suffix_of(name, suffixes, listed)
        folder = self.data_prefix.get('img_path') or ''
        info = dict(img_path=osp.join(folder, stem + suffix))
        labels = self.data_prefix.get('seg_map_path')
        if labels is not None:
            info['seg_map_path'] = osp.join(labels, stem + self.seg_map_suffix)
        return info | dict(
            label_map=self.label_map,
            reduce_zero_label=self.reduce_zero_label,
            seg_fields=[],
        )

    def _suffix_of(
        self, name: str, suffixes: list[str], listed: dict[str, set[str]]
    ) -> str:
        """The suffix of an image that is named without it."""
        if len(suffixes) == 1:
            return suffixes[0]
        folder = self.data_prefix.get('img_path') or ''
        parent, base = osp.split(osp.join(folder, name))
        if parent not in listed:
            listed[parent] = names_in(parent)
        there = (s for s in suffixes if base + s in listed[parent])
        return next(there, suffixes[0])


@DATASETS.register_module()
class FolderDataset(ImageSuffixes, BaseSegDataset):
    """``BaseSegDataset`` whose images have one of several suffixes.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        **kwargs: See ``mmseg.datasets.BaseSegDataset``.

    Example:
        >>> dict(type='FolderDataset', data_root='data/own',
        ...      img_suffix=('.jpg', '.JPG', '.jpeg'),
        ...      data_prefix=dict(img_path='images', seg_map_path='labels'),
        ...      metainfo=dict(classes=('road', 'car')))
    """


def _by_length(suffixes: str | Sequence[str]) -> list[str]:
    """Longest first: '_leftImg8bit.png' is '.png' as well."""
    if isinstance(suffixes, str):
        return [suffixes]
    return sorted(dict.fromkeys(suffixes), key=len, reverse=True)
