"""Office-Home (Venkateswara et al., CVPR 2017)."""

import os.path as osp

from mmseg.registry import DATASETS

from ...errors import UserValueError
from .image_lists import ImageListDataset

DOMAINS = dict(Ar='Art', Cl='Clipart', Pr='Product', Rw='Real_World')


@DATASETS.register_module()
class OfficeHomeDataset(ImageListDataset):
    """Things of offices and homes in four domains, 65 classes.

    Classes are in the order of the ids in public lists, which is not the
    alphabet's. A domain lies in ``<domain>/<class>/*.jpg`` (``Real World``
    for ``Real_World`` as well); which images it has is told by
    ``image_list/<domain>.txt``, where that is there, or else by its folders.

    Args:
        domain: ``Art``, ``Clipart``, ``Product`` or ``Real_World``, or the
            codes ``Ar``, ``Cl``, ``Pr`` and ``Rw``.
        ann_file: Another list; its paths are relative to ``data_root``.
        **kwargs: See ``ImageListDataset``.

    Raises:
        ValueError: There is no such domain.

    Example:
        >>> dict(type='OfficeHomeDataset', data_root='data/office_home',
        ...      domain='Ar')
    """

    METAINFO = dict(
        classes=(
            'Drill', 'Exit_Sign', 'Bottle', 'Glasses', 'Computer',
            'File_Cabinet', 'Shelf', 'Toys', 'Sink', 'Laptop', 'Kettle',
            'Folder', 'Keyboard', 'Flipflops', 'Pencil', 'Bed', 'Hammer',
            'ToothBrush', 'Couch', 'Bike', 'Postit_Notes', 'Mug', 'Webcam',
            'Desk_Lamp', 'Telephone', 'Helmet', 'Mouse', 'Pen', 'Monitor',
            'Mop', 'Sneakers', 'Notebook', 'Backpack', 'Alarm_Clock',
            'Push_Pin', 'Paper_Clip', 'Batteries', 'Radio', 'Fan', 'Ruler',
            'Pan', 'Screwdriver', 'Trash_Can', 'Printer', 'Speaker',
            'Eraser', 'Bucket', 'Chair', 'Calendar', 'Calculator',
            'Flowers', 'Lamp_Shade', 'Spoon', 'Candles', 'Clipboards',
            'Scissors', 'TV', 'Curtains', 'Fork', 'Soda', 'Table', 'Knives',
            'Oven', 'Refrigerator', 'Marker',
        ),
    )  # fmt: skip

    PREPARATION = (
        'Download Office-Home from https://www.hemanthdv.org/'
        'officeHomeDataset.html and unpack it in {data_root}: Art, Clipart, '
        'Product and Real_World with a folder for each class'
    )

    def __init__(self, domain: str, ann_file: str = '', **kwargs) -> None:
        self.domain = DOMAINS.get(domain, domain)
        if self.domain not in DOMAINS.values():
            raise UserValueError(
                f'OfficeHomeDataset.domain is {domain!r}, expected one of '
                f'{", ".join(DOMAINS.values())} (or {", ".join(DOMAINS)})'
            )
        super().__init__(ann_file=ann_file, **kwargs)

    def places(self) -> list[tuple[str, str]]:
        """The list that is given, or the folder of the domain."""
        if self.ann_file:
            return [('ann_file', self.ann_file)]
        return [('data_root', self._folder())]

    def load_data_list(self) -> list[dict]:
        """List the images of the domain.

        Returns:
            An entry for each image.
        """
        root = self.data_prefix.get('img_path') or osp.curdir
        list_file = osp.join(root, 'image_list', f'{self.domain}.txt')
        if not self.ann_file and osp.exists(list_file):
            self.ann_file = list_file
        if self.ann_file:
            return super().load_data_list()
        return self.entries_in(self._folder())

    def _folder(self) -> str:
        root = self.data_prefix.get('img_path') or osp.curdir
        folder = osp.join(root, self.domain)
        unpacked = osp.join(root, self.domain.replace('_', ' '))
        is_unpacked = not osp.isdir(folder) and osp.isdir(unpacked)
        return unpacked if is_unpacked else folder
