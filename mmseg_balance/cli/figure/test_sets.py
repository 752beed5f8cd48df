"""The models that a figure compares, and the test set of both."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UserValueError
from .names import model_names


@dataclass
class Tested:
    """A model with its test set.

    Attributes:
        name: Shown to the reader.
        checkpoint: File of its weights.
        cfg: Its config.
        model: The model.
        dataset: Its test set.
    """

    name: str
    checkpoint: str
    cfg: Any
    model: Any
    dataset: Any

    @property
    def num_workers(self) -> int:
        """Processes that load its images."""
        return self.cfg.test_dataloader.get('num_workers', 2)


def build_tested(args: Namespace, files: Sequence[str]) -> list[Tested]:
    """Build the models, all checked before the first pass.

    Args:
        args: Of ``add_models``.
        files: What will be written to ``args.out``.

    Returns:
        The baseline, where there is one, and the model.

    Raises:
        ValueError: They are of other classes or images.
    """
    from ...runs.out_files import make_folder
    from ..logits.over_test_set import build_model_and_test_set

    names = model_names(args)
    baseline = getattr(args, 'baseline', None)
    pairs = [baseline] if baseline else []
    pairs.append((args.config, args.checkpoint))
    tested = []
    for name, (config, checkpoint) in zip(names, pairs, strict=True):
        of = Namespace(
            **{**vars(args), 'config': config, 'checkpoint': checkpoint}
        )
        parts = build_model_and_test_set(of, files)
        tested.append(Tested(name, checkpoint, *parts))
    _check_same_test_set(tested)
    make_folder(args.out)
    return tested


def read_anchors(args: Namespace, tested: list[Tested]) -> list[Any]:
    """Anchors of each model.

    Args:
        args: Of a command with ``--statistics``.
        tested: The models.

    Returns:
        A bank for each; None where they are those of the test set itself.

    Raises:
        ValueError: Another number of files than of models is given, or one
            is not of these classes.
    """
    from ...inference.passes.bias_pass import read_anchors as read

    if not args.statistics:
        return [None] * len(tested)
    if len(args.statistics) != len(tested):
        raise UserValueError(
            f'--statistics has {len(args.statistics)} files, expected '
            f'{len(tested)}, one for each model, the baseline first'
        )
    found = []
    for path, of in zip(args.statistics, tested, strict=True):
        classes = list(of.dataset.metainfo['classes'])
        part = getattr(of.model, 'predict_with', None)
        anchors, _, warnings = read(path, classes, of.checkpoint, part)
        for line in warnings:
            print(f'warning: {line}', file=sys.stderr)
        found.append(anchors)
    return found


def _check_same_test_set(tested: Sequence[Tested]) -> None:
    """Refuse what would compare two things at once."""
    first = tested[0]
    for other in tested[1:]:
        for what, found in (
            ('classes', [t.dataset.metainfo['classes'] for t in tested]),
            ('images', [_images(t.dataset) for t in tested]),
        ):
            if list(found[0]) != list(found[-1]):
                raise UserValueError(
                    f'{first.name} and {other.name} are not tested on the '
                    f'same {what}: set test_dataloader of one config to that '
                    'of the other'
                )


def _images(dataset: Any) -> list[str]:
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
