"""Images and their classes from a list."""

import os.path as osp

from mmengine.fileio import join_path
from mmengine.utils import is_abs
from mmseg.registry import DATASETS

from ...errors import UserValueError
from .labelled_images import LabelledImages
from .lists import (
    Line,
    read_list,
    refuse_contradictions,
    refuse_other_folders,
    refuse_unknown_ids,
)


@DATASETS.register_module()
class ImageListDataset(LabelledImages):
    """Images that a list names with the ids of their classes.

    A line is a path, a blank and an id, as ``train/bus/x.png 2``; paths are
    relative to ``data_prefix.img_path``. A list without ids is one of a
    target set without labels.

    Args:
        ids_match_folders: Whether an image whose folder has the name of a
            class is refused where its id is another one's.
        **kwargs: See ``LabelledImages``; ``ann_file`` is the
            list, and ``metainfo.classes`` names the classes of its ids.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: It cannot be read, gives an image several classes, or has
            ids that are no class, or not that of the folder.

    Example:
        >>> dict(type='ImageListDataset', data_root='data/own',
        ...      ann_file='lists/photos.txt',
        ...      metainfo=dict(classes=('bus', 'car')))
    """

    def __init__(self, ids_match_folders: bool = True, **kwargs) -> None:
        self.ids_match_folders = ids_match_folders
        super().__init__(**kwargs)

    def places(self) -> list[tuple[str, str]]:
        """The list and the folder of the images, where they are given."""
        folder = self.data_prefix.get('img_path') or ''
        places = [('ann_file', self.ann_file), ('data_prefix', folder)]
        return [place for place in places if place[1]]

    def load_data_list(self) -> list[dict]:
        """List the images, in the order of the list.

        Returns:
            An entry for each image.
        """
        if not self.ann_file:
            raise UserValueError(
                f'{type(self).__name__}: no list is given; set ann_file to a '
                'file with a path, a blank and the id of the class a line'
            )
        lines = self.read_lines(self.ann_file)
        folder = self.data_prefix.get('img_path') or ''
        return [
            self.entry(
                line.path
                if is_abs(line.path) or not folder
                else join_path(folder, line.path),
                line.label,
            )
            for line in lines
        ]

    def read_lines(self, file: str) -> list[Line]:
        """Read a list, and check its ids.

        Args:
            file: The list.
        """
        lines = read_list(file, self.backend_args)
        refuse_contradictions(file, lines)
        refuse_unknown_ids(file, lines, self.known_ids())
        if self.ids_match_folders:
            refuse_other_folders(file, lines, self.listed_classes)
        return lines

    def missing_files_note(self) -> str:
        """What to say where files of the list are not there."""
        folder = self.data_prefix.get('img_path') or osp.curdir
        return (
            f'. Paths in the list are relative to {folder}, which '
            'data_root and data_prefix.img_path set'
        )
