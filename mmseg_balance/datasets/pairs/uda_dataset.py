"""Pairs of a labelled source sample and an unlabelled target sample."""

from collections.abc import Callable
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

from ...errors import UserRuntimeError, UserValueError
from ..checks.folder_checks import (
    build_lazily,
    check_folders,
    check_images_can_be_read,
    check_label_files,
    check_label_values,
)
from ..checks.images import check_image_files
from ..checks.left_out import say_left_out
from ..loading.bad_files import check_policy, draw_until_good
from ..loading.branch import Branch, leaf_datasets
from ..loading.named_files import is_label_loader
from ..sampling.rare_class_sampling import RareClassSampling
from ..sampling.samplers import Draw
from ..seeding import seed_cpu_generators
from .pack_uda_inputs import check_packing
from .wrapped import full_init


@DATASETS.register_module()
class UDADataset:
    """Source samples, each with a target sample drawn at random.

    Its length is that of the source. With an index of
    :class:`ResumableInfiniteSampler`, all that is drawn for a pair follows
    from the seed in that index, in whichever process it is made; with a
    plain index the present state of the global generators is used.

    Both data sets are checked when this one is built: their folders, that
    every source image has a label, and for 32 files the label values, the
    size of label and image, and the class statistics where they are used;
    values and sizes of the others when they are loaded.

    Args:
        source: Config of a data set whose pipeline loads labels.
        target: Config of a data set with the same classes; its pipeline needs
            no labels. Either may be a ``ConcatDataset``, a
            ``RepeatDataset`` or, with labels and their class statistics, a
            ``ClassBalancedDataset``. None: there are source samples alone,
            for supervised training.
        rare_class_sampling: Arguments of :class:`RareClassSampling`, which
            then draws the source sample instead of taking the index. ``{}``
            takes the defaults, None does without.
        on_bad_image: What an image or label that cannot be read, or a label
            that is not right, leads to in training: 'stop', or 'skip', which
            draws another one in its place. ``BadImagesHook``, which
            mmseg-balance train adds then, counts them in the log; 16 in a row
            stop the training. What is drawn follows from the seed in the
            index either way.

    Attributes:
        source: The source data set.
        target: The target data set, or None.
        on_bad_image (str): See above.

    Raises:
        FileNotFoundError: Folders, labels or class statistics are missing;
            names them and how they are made.
        ValueError: The classes of source and target differ, the source
            pipeline loads no labels, a pipeline drops what its
            ``PseudoMargins`` makes, a label value is outside the classes, a
            label has another size than its image, the class statistics are
            those of other labels, or a class cannot be drawn by rare class
            sampling.

    Example:
        >>> dict(
        ...     type='UDADataset',
        ...     source=dict(type='GTADataset', data_root='data/gta', ...),
        ...     target=dict(type='CityscapesDataset', ...),
        ...     rare_class_sampling=dict(class_temp=0.01, min_pixels=3000))
    """

    def __init__(
        self,
        source: dict | BaseDataset,
        target: dict | BaseDataset | None = None,
        rare_class_sampling: dict | None = None,
        on_bad_image: str = 'stop',
    ) -> None:
        check_policy(on_bad_image)
        self.on_bad_image = on_bad_image
        self.source = _build(source, 'source')
        self.target = None if target is None else _build(target, 'target')
        if self.target is None:
            _classes_of(self.source, 'source')
        else:
            check_classes(self.source, self.target)
        self.rare_class_sampling = (
            None
            if rare_class_sampling is None
            else RareClassSampling(**rare_class_sampling)
        )
        self._fully_initialized = False
        if not any(_is_lazy(child) for child in (source, target)):
            self.full_init()

    def full_init(self) -> None:
        """List the files and check them.

        The constructor calls it unless ``lazy_init`` is set in the config of
        the source or the target.
        """
        if self._fully_initialized:
            return
        sampling = self.rare_class_sampling
        stats_dir = None if sampling is None else sampling.stats_dir
        skip = self.on_bad_image == 'skip'
        self._source = _open(self.source, 'source', skip, stats_dir)
        self._target = (
            None if self.target is None else _open(self.target, 'target', skip)
        )
        if self.rare_class_sampling is not None:
            self.rare_class_sampling.prepare(
                self._source, self.metainfo['classes']
            )
        self._fully_initialized = True

    @property
    def required_hooks(self) -> tuple[str, ...]:
        """Hooks that a training on this data set is given."""
        return ('BadImagesHook',) if self.on_bad_image == 'skip' else ()

    @property
    def metainfo(self) -> dict:
        """Meta information of the source, a copy."""
        return self.source.metainfo

    @property
    def source_branch(self) -> Branch:
        """Samples of the source, with what the checks have read."""
        self.full_init()
        return self._source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: Draw | int) -> dict[str, Any]:
        """Make a pair.

        Args:
            index: Index into the source, with a seed or without.

        Returns:
            ``dict(source=packed, target=packed)``, each what the pipeline
            of its data set returns: a dict of ``inputs`` and
            ``data_samples``. Without a target ``dict(source=packed)``.

        Raises:
            OSError: A file cannot be read or decoded; names it.
            ValueError: A label value is outside the classes, or a label has
                another size than its image.
        """
        self.full_init()
        if isinstance(index, Draw):
            seed_cpu_generators(index.seed)
        # first, so that the partner does not depend on the augmentation
        partner = np.random.randint(len(self._target)) if self._target else 0
        seed = getattr(index, 'seed', None)
        sampling = self.rare_class_sampling
        if sampling is None:
            source = self._draw(self._source, index, seed)
        else:
            source = self._replacing(
                lambda: _retry(
                    lambda: sampling.draw(self._source), self._source
                ),
                None,
                seed,
                'source',
            )
        if self._target is None:
            return dict(source=source)
        target = self._draw(self._target, partner, seed)
        return dict(source=source, target=target)

    def _draw(self, branch: Branch, index: int, seed: int | None) -> Any:
        """A sample, or another in its place."""
        return self._replacing(
            lambda: _take(branch, index),
            lambda: _take(branch, np.random.randint(len(branch))),
            seed,
            branch.name,
        )

    def _replacing(
        self,
        first: Callable[[], Any],
        again: Callable[[], Any] | None,
        seed: int | None,
        name: str,
    ) -> Any:
        if self.on_bad_image == 'stop':
            return first()
        return draw_until_good(first, again or first, seed, name)


def check_classes(source: BaseDataset, target: BaseDataset) -> None:
    """Refuse domains whose classes differ.

    Args:
        source: Source data set.
        target: Target data set.

    Raises:
        ValueError: A data set names no classes, or they differ; shows where.
    """
    ours = _classes_of(source, 'source')
    theirs = _classes_of(target, 'target')
    if ours == theirs:
        return
    parts = [f'the source has {len(ours)} classes, the target {len(theirs)}']
    for key, names in (
        ('source', [n for n in ours if n not in theirs]),
        ('target', [n for n in theirs if n not in ours]),
    ):
        if names:
            parts.append(f'only the {key} has {", ".join(names)}')
    for i, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            parts.append(f'class {i} is {a} in the source, {b} in the target')
            break
    raise UserValueError(
        f'source and target classes differ: {"; ".join(parts)}. Set '
        'metainfo.classes of both to the same names in the same order'
    )


def _classes_of(dataset: BaseDataset, key: str) -> tuple[str, ...]:
    names = tuple(dataset.metainfo.get('classes') or ())
    if not names:
        raise UserValueError(
            f'the {key} data set ({type(dataset).__name__}) names no classes; '
            f'set {key}.metainfo.classes'
        )
    return names


def _is_lazy(config: dict | BaseDataset) -> bool:
    return isinstance(config, dict) and config.get('lazy_init', False)


def _build(dataset: dict | BaseDataset, key: str) -> Any:
    if isinstance(dataset, dict):
        dataset = build_lazily(dataset, key)
    leaf_datasets(dataset, key)
    return dataset


def _open(
    dataset: Any, key: str, skips_bad: bool, stats_dir: str | None = None
) -> Branch:
    """List the files of a data set and check what its pipeline will read."""
    for leaf in leaf_datasets(dataset, key):
        check_packing(leaf.pipeline.transforms, key)
        with_labels = any(
            is_label_loader(type(t).__name__) for t in leaf.pipeline.transforms
        )
        if key == 'source' and not with_labels:
            raise UserValueError(
                'source.pipeline loads no labels: put '
                "dict(type='LoadAnnotations') behind the loading of the image"
            )
        check_folders(leaf, key, with_labels)
    full_init(dataset, key, stats_dir)
    branch = Branch(dataset, key, skips_bad)
    for part in branch.parts:
        with_labels = part.annotations is not None
        check_image_files(part.dataset, key)
        say_left_out(part.dataset, key, with_labels)
        if with_labels:
            check_label_files(part, key)
            check_label_values(part)
        elif not skips_bad:
            check_images_can_be_read(part.dataset, key)
    return branch


def _take(branch: Branch, index: int) -> Any:
    """A sample, or another where the pipeline gives up on it, as mmengine."""
    sample = branch[index]
    if sample is None:
        return _retry(lambda: branch[np.random.randint(len(branch))], branch)
    return sample


def _retry(draw: Callable[[], Any], branch: Branch) -> Any:
    for _ in range(branch.max_refetch + 1):
        sample = draw()
        if sample is not None:
            return sample
    raise UserRuntimeError(
        f'the {branch.name} pipeline returned None '
        f'{branch.max_refetch + 1} times in a row (max_refetch); a transform '
        'gives up on every sample'
    )
