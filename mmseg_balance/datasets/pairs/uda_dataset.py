"""Pairs of a labelled source sample and an unlabelled target sample."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

from ...errors import UserTypeError, UserValueError
from ..domains.domain import Domain
from ..loading.bad_files import check_policy
from ..loading.leaves import build_lazily
from ..sampling.rare_class_sampling import RareClassSampling
from ..sampling.samplers import Draw
from ..seeding import seed_cpu_generators
from .pack_uda_inputs import check_packing


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
        if not isinstance(rare_class_sampling, dict | None):
            raise UserTypeError(
                f'rare_class_sampling is {rare_class_sampling!r}, expected '
                'dict(class_temp=0.01, min_pixels=3000) or None'
            )
        self.on_bad_image = on_bad_image
        self.rare_class_sampling = (
            None
            if rare_class_sampling is None
            else RareClassSampling(**rare_class_sampling)
        )
        sampling = self.rare_class_sampling
        skip = on_bad_image == 'skip'
        self._domains = dict(
            source=Domain(
                _built(source, 'source'),
                'source',
                skip,
                split_before=sampling and sampling.split_before,
                stats_dir=sampling and sampling.stats_dir,
            )
        )
        self.source, self.target = self._domains['source'].dataset, None
        if target is not None:
            self.target = _built(target, 'target')
            self._domains['target'] = Domain(self.target, 'target', skip)
        check_same_classes(self.source, self.target)
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
        for name, domain in self._domains.items():
            for part in domain.parts:
                check_packing(part.dataset.pipeline.transforms, name)
            domain.check(needs_labels=name == 'source')
        if self.rare_class_sampling is not None:
            self.rare_class_sampling.prepare(
                self._domains['source'], self.metainfo['classes']
            )
        self._fully_initialized = True

    @property
    def required_hooks(self) -> dict[str, str]:
        """Hooks that a training on it is given, and what needs them."""
        if self.on_bad_image == 'stop':
            return {}
        return {'BadImagesHook': 'images are left out, which the log counts'}

    @property
    def metainfo(self) -> dict:
        """Meta information of the source, a copy."""
        return self.source.metainfo

    @property
    def domains(self) -> dict[str, Domain]:
        """'source' and, where there is one, 'target', checked."""
        self.full_init()
        return self._domains

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
        source, target = map(self.domains.get, ('source', 'target'))
        if isinstance(index, Draw):
            seed_cpu_generators(index.seed)
        seed = getattr(index, 'seed', None)
        # first, so that the partner does not depend on the augmentation
        partner = np.random.randint(len(target)) if target else 0
        sampling = self.rare_class_sampling
        if sampling is None:
            pair = dict(source=source.take(index, seed))
        else:
            pair = dict(source=source.draw(sampling.choose, seed))
        if target is not None:
            pair['target'] = target.take(partner, seed)
        return pair


def _is_lazy(config: dict | BaseDataset) -> bool:
    return isinstance(config, dict) and config.get('lazy_init', False)


def _built(dataset: dict | BaseDataset, key: str) -> Any:
    is_config = isinstance(dataset, dict)
    return build_lazily(dataset, key) if is_config else dataset


def check_same_classes(
    source: BaseDataset, target: BaseDataset | None = None
) -> None:
    """Refuse domains whose classes differ.

    Args:
        source: Source data set.
        target: Target data set, where there is one.

    Raises:
        ValueError: A data set names no classes, or they differ; shows where.
    """
    ours = _classes_of(source, 'source')
    theirs = ours if target is None else _classes_of(target, 'target')
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


check_classes = check_same_classes  # its name in 0.1.0


def _classes_of(dataset: BaseDataset, key: str) -> tuple[str, ...]:
    names = dataset.metainfo.get('classes') or ()
    if isinstance(names, str):
        raise UserValueError(
            f'{key}.metainfo.classes is the text {names!r}, expected a list '
            "of names, classes=('road', 'car') for one"
        )
    names = tuple(names)
    if not names:
        raise UserValueError(
            f'the {key} data set ({type(dataset).__name__}) names no classes; '
            f'set {key}.metainfo.classes'
        )
    return names
