"""Errors of reading an image or a label, with the name of the file."""

from collections.abc import Callable
from pathlib import Path

from mmengine.dataset import BaseDataset, Compose

from ..files.image_pairs import can_be_decoded
from .bad_files import BadFileError, UnreadableFileError
from .transform_kinds import is_label_loader, is_loader

TAKE_OUT = 'take it out of the data set'


def load_named(
    transform: Callable, results: dict, name: str, leave_out: str = TAKE_OUT
) -> dict | None:
    """Run a transform that reads a file.

    Args:
        transform: The transform.
        results: What it gets.
        name: Key of the data set, for messages.
        leave_out: What a user does to go on without the file, for messages.

    Returns:
        What it returns.

    Raises:
        BadFileError: It raised something; names the file, and what mends it.
    """
    image, label = results.get('img_path'), results.get('seg_map_path')
    try:
        return transform(results)
    except BadFileError as error:
        # of a transform that says itself what is wrong with the file
        raise type(error)(f'{name} {error}') from error
    except Exception as error:
        kind = type(transform).__name__
        is_label = is_label_loader(transform)
        path = label if is_label else image
        reason = ' '.join(str(error).split())  # OpenCV has several lines
        raise UnreadableFileError(
            f'{name} {"label" if is_label else "image"} {path} cannot be read '
            f'or decoded ({type(error).__name__}: {reason}); '
            f'{_mend(path, kind, error, leave_out)}'
        ) from error


class NamingPipeline(Compose):
    """mmengine's ``Compose``, with errors that name the file.

    Args:
        transforms: The transforms, as ``Compose`` takes them.
        name: Key of the data set, for messages.
    """

    def __init__(self, transforms: list[Callable], name: str) -> None:
        super().__init__(transforms)
        self.name = name

    def __call__(self, data: dict) -> dict | None:
        """Run the transforms.

        Args:
            data: Paths of a sample, and what else a data set says of it.

        Returns:
            What the last transform returns; None where one gave up.

        Raises:
            UnreadableFileError: A file cannot be read or decoded.
        """
        for transform in self.transforms:
            if is_loader(transform):
                data = load_named(transform, data, self.name)
            else:
                data = transform(data)
            if data is None:
                return None
        return data


def name_files(dataset: BaseDataset, name: str) -> None:
    """Let the errors of a data set name its files.

    Args:
        dataset: Data set with a pipeline, which is replaced in it; one that
            is not mmengine's own stays as it is.
        name: Key of the data set.
    """
    if type(dataset.pipeline) is Compose:
        dataset.pipeline = NamingPipeline(dataset.pipeline.transforms, name)


def _mend(
    path: str | None, kind: str, error: Exception, leave_out: str
) -> str:
    missing = isinstance(error, FileNotFoundError) and path is not None
    goes_on = '; a training then goes on with --resume'
    if leave_out != TAKE_OUT:
        goes_on = ''
    if missing and not Path(path).parent.exists():
        return (
            f'the folder {Path(path).parent} is not there, or no longer: '
            f'bring it back (is its disk mounted?){goes_on}'
        )
    if missing and not Path(path).exists():
        return (
            'the file is not there, or no longer: bring it back, or '
            f'{leave_out}{goes_on}'
        )
    if can_be_decoded(path):
        return f'the file itself is whole: see to the keys of {kind}'
    replace = f'replace the file, or {leave_out}'
    return f'it is empty: {replace}' if _is_empty(path) else replace


def _is_empty(path: str | None) -> bool:
    try:
        return Path(path or '').stat().st_size == 0
    except OSError:
        return False
