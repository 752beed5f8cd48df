"""VisDA-2017, image classification (Peng et al., arXiv 1710.06924)."""

import os.path as osp

from mmseg.registry import DATASETS

from ...errors import UserValueError
from .image_lists import ImageListDataset
from .lists import ListedIds, refuse_disagreement

SPLITS = ('train', 'validation')


@DATASETS.register_module()
class VisDA2017Dataset(ImageListDataset):
    """Rendered objects ("Synthetic") and photographs ("Real"), 12 classes.

    ``train`` has renderings, ``validation`` crops of COCO, which is what the
    literature adapts to. Each lies in ``<split>/<class>/``; which images it
    has is told by ``image_list/<split>.txt``, as public code has it, by the
    ``<split>/image_list.txt`` of the official archives, or else by the
    folders themselves.

    Args:
        split: ``train`` or ``validation``.
        ann_file: Another list than these; its paths are relative to
            ``data_root``.
        **kwargs: See ``ImageListDataset``.

    Raises:
        ValueError: There is no such split, or both lists are there and
            disagree.

    Example:
        >>> dict(type='VisDA2017Dataset', data_root='data/visda2017',
        ...      split='validation')
    """

    METAINFO = dict(
        classes=(
            'aeroplane', 'bicycle', 'bus', 'car', 'horse', 'knife',
            'motorcycle', 'person', 'plant', 'skateboard', 'train', 'truck',
        ),
        palette=[
            [70, 130, 180], [119, 11, 32], [0, 60, 100], [0, 0, 142],
            [150, 100, 50], [190, 190, 190], [0, 0, 230], [220, 20, 60],
            [107, 142, 35], [250, 170, 30], [0, 80, 100], [0, 0, 70],
        ],
    )  # fmt: skip

    PREPARATION = (
        'Download train.tar and validation.tar of VisDA-2017 '
        '(classification) from https://ai.bu.edu/visda-2017 and unpack them '
        'in {data_root}'
    )

    def __init__(
        self, split: str = 'train', ann_file: str = '', **kwargs
    ) -> None:
        if split not in SPLITS:
            raise UserValueError(
                f'VisDA2017Dataset.split is {split!r}, expected one of '
                f'{", ".join(map(repr, SPLITS))}'
            )
        self.split = split
        super().__init__(ann_file=ann_file, **kwargs)

    def places(self) -> list[tuple[str, str]]:
        """The list that is given, or the folder of the split."""
        if self.ann_file:
            return [('ann_file', self.ann_file)]
        return [('data_root', osp.join(self._root(), self.split))]

    def load_data_list(self) -> list[dict]:
        """List the images of the split.

        Returns:
            An entry for each image.
        """
        if self.ann_file:
            return super().load_data_list()
        root = self._root()
        folder = osp.join(root, self.split)
        # each list, and what its paths are relative to, the first that fits
        lists = {
            osp.join(root, 'image_list', f'{self.split}.txt'): (root,),
            osp.join(folder, 'image_list.txt'): (folder, root),
        }
        found = [
            ListedIds(file, self._ids_of(file, folders))
            for file, folders in lists.items()
            if osp.exists(file)
        ]
        if len(found) == 2:
            refuse_disagreement(*found)
        if not found:
            return self.entries_in(folder)
        self.ann_file = found[0].file
        return [self.entry(*item) for item in found[0].ids.items()]

    def _root(self) -> str:
        return self.data_prefix.get('img_path') or osp.curdir

    def _ids_of(
        self, file: str, folders: tuple[str, ...]
    ) -> dict[str, int | None]:
        lines = self.read_lines(file)
        there = (f for f in folders if osp.exists(osp.join(f, lines[0].path)))
        folder = next(there, folders[0])
        return {osp.join(folder, line.path): line.label for line in lines}
