"""Files that lists name without their folders, or with other ones."""

import os.path as osp
from collections.abc import Iterable

from mmengine import fileio

from ...errors import UserValueError


class FilePlaces:
    """The files below a folder, by path and by name.

    Public files of Cityscapes name labels without their city, and lie in
    one folder or in one for each city.

    Args:
        folder: The folder; one that does not exist has no files.
        suffixes: What the names of its files end with.
        backend_args: File backend of mmengine.
    """

    def __init__(
        self,
        folder: str,
        suffixes: str | tuple[str, ...],
        backend_args: dict | None = None,
    ) -> None:
        self.folder = folder
        self._by_name: dict[str, list[str]] = {}
        if not fileio.isdir(folder or '.', backend_args=backend_args):
            return
        for path in fileio.list_dir_or_file(
            folder or '.',
            list_dir=False,
            suffix=suffixes,
            recursive=True,
            backend_args=backend_args,
        ):
            self._by_name.setdefault(osp.basename(path), []).append(path)

    def find(self, names: Iterable[str]) -> str | None:
        """The first file there is of several that it may be.

        Args:
            names: Paths relative to the folder, as lists have them; where
                nothing lies at one, its name counts.

        Returns:
            Its path; None where there is none.

        Raises:
            ValueError: Several have the name; shows them.
        """
        for name in names:
            found = self._by_name.get(osp.basename(name), [])
            if osp.normpath(name) in found:
                return osp.join(self.folder, osp.normpath(name))
            if len(found) > 1:
                raise UserValueError(
                    f'{self.folder} has {len(found)} files of the name '
                    f'{osp.basename(name)} ({found[0]}, {found[1]}): expected '
                    'their folders in the JSON file (ann_file), or one such '
                    'file'
                )
            if found:
                return osp.join(self.folder, found[0])
        return None
