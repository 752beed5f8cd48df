"""The config that a training left in its work folder."""

from pathlib import Path

from mmengine.config import Config

from ...configuration.reading import load_config
from ...errors import UserFileNotFoundError


def read_work_config(work_dir: Path) -> Config:
    """Config of a training, as it was resolved then.

    Args:
        work_dir: Its folder; of several runs in it the latest counts.

    Returns:
        The config.

    Raises:
        FileNotFoundError: There is none.
    """
    files = sorted(work_dir.glob('*/vis_data/config.py'))
    files = files or sorted(work_dir.glob('*.py'))
    if not files:
        raise UserFileNotFoundError(
            f'{work_dir} has no config: name the work folder of a training'
        )
    return load_config(str(files[-1]))
