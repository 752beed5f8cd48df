"""What a user names as a model: its config, checkpoint, balancing, classes."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ...configuration.reading import load_config
from ...errors import UserFileNotFoundError, UserValueError

EXPORTED = ('config.py', 'weights.pth')


def find_model(
    model: str | Path | Config,
    checkpoint: str | Path | None = None,
    cfg_options: dict | None = None,
    data_roots: Sequence[str] | None = None,
) -> tuple[Config, str]:
    """Config and checkpoint of what a user names as a model.

    Args:
        model: Config, its file, or the folder that ``export_segmentor``
            wrote.
        checkpoint: Checkpoint; may be left out with such a folder.
        cfg_options: Overrides by dotted key.
        data_roots: Folders of data sets, as ``--data-root`` gives them.

    Returns:
        The config and the path of the checkpoint.

    Raises:
        FileNotFoundError: The folder lacks one of its files.
        ValueError: There is no checkpoint.
    """
    if isinstance(model, (str, Path)) and Path(model).is_dir():
        config, weights = (Path(model) / name for name in EXPORTED)
        for file in [config] if checkpoint else [config, weights]:
            if not file.is_file():
                raise UserFileNotFoundError(
                    f'{model} has no {file.name}: name a config and a '
                    'checkpoint, or a folder that mmseg-balance '
                    'checkpoint export wrote'
                )
        model, checkpoint = config, checkpoint or weights
    if checkpoint is None:
        raise UserValueError(
            f'{getattr(model, "filename", model)} is no folder with config.py '
            'and weights.pth: of a config, name its checkpoint too'
        )
    if not isinstance(model, Config):
        model = load_config(str(model), cfg_options, data_roots)
    elif cfg_options:
        model.merge_from_dict(cfg_options)
    return model, str(checkpoint)
