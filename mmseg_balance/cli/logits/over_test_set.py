"""What commands share that go over a labelled test set once."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..exits import interruptible


def run_over_test_set(
    args: Namespace,
    name: str,
    build: Callable[[Namespace], tuple[Any, ...]],
    write: Callable[..., None],
) -> None:
    """Run a command, and say what is wrong in one line.

    Args:
        args: Of the command line; ``out`` is set where it is not.
        name: Default of ``--out``, below the work folder of the config.
        build: Gives what ``write`` takes behind ``args``, all checked.
        write: Goes over the test set, and writes the files.
    """
    from ...configuration.error_lines import build_or_exit
    from ...runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    args.out = args.out or folder / name
    with interruptible('interrupted: nothing was written'):
        parts = build_or_exit(lambda: build(args), folder)
        build_or_exit(lambda: write(args, *parts), folder)


def build_model_and_test_set(
    args: Namespace,
    files: Sequence[str],
    images: Callable[[Any, Any], Any] | None = None,
) -> tuple[Any, Any, Any]:
    """Config, model and test set, all checked.

    Args:
        args: Of the command line.
        files: What will be written to ``args.out``.
        images: Makes the test set of config and model. Default: with labels.
    """
    from ...configuration.reading import load_config
    from ...inference.evaluation_set import build_labelled_test_set
    from ...inference.trained_model import build_predictor
    from ...runs.out_files import check_out

    check_out(args.out, files, args.overwrite)
    cfg, model = build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part=args.part,
        device=args.device,
    )
    dataset = images(cfg, model) if images else build_labelled_test_set(cfg)
    return cfg, model, dataset


def origin(args: Namespace, model: Any) -> dict[str, Any]:
    """What the files of a command are of.

    Args:
        args: Of the command line.
        model: The model.
    """
    return dict(
        config=args.config,
        cfg_options=args.cfg_options or {},
        checkpoint=args.checkpoint,
        part=getattr(model, 'predict_with', None),
        statistics=args.statistics,
    )
