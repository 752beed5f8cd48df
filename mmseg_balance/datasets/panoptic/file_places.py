"""Files that lists name without their folders, or with other ones."""

import os.path as osp
from collections.abc import Iterable, Sequence

from mmengine import fileio

from ...errors import UserValueError
from .annotation_file import Annotation


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


def image_names(
    annotation: Annotation, img_suffix: str | Sequence[str], label_suffix: str
) -> list[str]:
    """What the image of an annotation may be called, the likeliest first.

    Args:
        annotation: The annotation.
        img_suffix: What names of images end with: one suffix or several.
        label_suffix: What the names of the PNG files end with.

    Returns:
        Its name in the JSON file; its id; and the name of its label, each
        with the suffix of images.
    """
    suffixes = [img_suffix] if isinstance(img_suffix, str) else img_suffix
    stems = [annotation.image_id]
    label = annotation.label or ''
    if label.endswith(label_suffix):
        stems.append(label[: len(label) - len(label_suffix)])
    names = [annotation.image] if annotation.image else []
    return names + [stem + suffix for stem in stems for suffix in suffixes]
