"""A folder for each class."""

from collections.abc import Sequence

from mmengine.fileio import join_path
from mmengine.utils import is_abs
from mmseg.registry import DATASETS

from .folders import class_folders
from .labelled_images import LabelledImages


@DATASETS.register_module()
class ClassFolderDataset(LabelledImages):
    """Images in a folder for each class, ``<img_path>/<class>/*.jpg``.

    Args:
        skipped: Folders that are no class.
        **kwargs: See ``LabelledImages``; ``data_prefix`` is
            ``dict(img_path='train')``, the folder of the class folders.
            ``metainfo.classes`` are the names of the folders, sorted, unless
            it is given: source and target must have the same classes in the
            same order. Images may lie in folders within those of their
            class.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: There is no folder in it, or one that is no class.

    Example:
        >>> dict(type='ClassFolderDataset', data_root='data/own/photos',
        ...      data_prefix=dict(img_path='train'))
    """

    def __init__(
        self,
        metainfo: dict | None = None,
        skipped: Sequence[str] = (),
        **kwargs,
    ) -> None:
        self.skipped = tuple(skipped)
        if not (metainfo or self.METAINFO).get('classes'):
            names = class_folders(_joined(kwargs), self.skipped)
            metainfo = dict(metainfo or {}, classes=tuple(names))
        super().__init__(metainfo=metainfo, **kwargs)

    def places(self) -> list[tuple[str, str]]:
        """The folder of the class folders."""
        return [('data_prefix.img_path', self.data_prefix['img_path'])]

    def load_data_list(self) -> list[dict]:
        """List the images, by class and path.

        Returns:
            An entry for each image.

        Raises:
            FileNotFoundError: There is no such folder.
            ValueError: There is a folder that is no class.
        """
        return self.entries_in(self.data_prefix['img_path'], self.skipped)


def _joined(kwargs: dict) -> str:
    """Folder of the class folders, before the data set is built."""
    folder = (kwargs.get('data_prefix') or {}).get('img_path', '')
    root = kwargs.get('data_root')
    return join_path(root, folder) if root and not is_abs(folder) else folder
