"""The files of flow of frames: there, and back."""

import os.path as osp
from collections.abc import Sequence

from ....errors import UserFileNotFoundError
from ...files.folders import is_there
from .frames import Frame

# behind the name of the flow from the frame before to the image
REVERSE = '_reverse'


def flow_files(frame: Frame, folder: str, suffix: str) -> dict[str, str]:
    """Where the flow of a frame lies, whether it is there or not.

    Args:
        frame: The frame.
        folder: Of the flow.
        suffix: What the names of its files end with.

    Returns:
        ``flow_path``, from the frame to that before it, and
        ``reverse_flow_path``, back from that.
    """
    path = osp.join(folder, frame.moved(0))
    return dict(
        flow_path=path + suffix, reverse_flow_path=path + REVERSE + suffix
    )


def find_flow(infos: Sequence[dict]) -> None:
    """Refuse missing flow; that back need not be there.

    Args:
        infos: Entries of a data set, changed in place:
            ``reverse_flow_path`` becomes None where there is no such file.

    Raises:
        FileNotFoundError: Flow is missing; names it, and what writes it.
    """
    wanted = [info for info in infos if info['flow_path']]
    there: dict[str, set[str]] = {}
    for info in wanted:
        if not is_there(info['reverse_flow_path'], there):
            info['reverse_flow_path'] = None
    missing = [i for i in wanted if not is_there(i['flow_path'], there)]
    if missing:
        raise UserFileNotFoundError(
            f'{len(missing)} of {len(wanted)} images have no optical flow in '
            f'data_prefix.flow_path: {missing[0]["img_path"]} (expected '
            f'{missing[0]["flow_path"]}); see flow_suffix for other files, or '
            'write them: mmseg-balance data flow CONFIG goes on where it '
            'stopped. Without data_prefix.flow_path, LoadOpticalFlow computes '
            'flow in training'
        )
