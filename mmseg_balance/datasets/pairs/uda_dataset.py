"""Pairs of a labelled source sample and an unlabelled target sample."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

from ...errors import UserValueError
from ..domains.domain import Domain
from ..loading.bad_files import check_policy
from ..loading.leaves import build_lazily
from ..loading.packing import check_packing
from ..sampling.few_shot import FewShot
from ..sampling.samplers import Draw
from ..seeding import seed_cpu_generators
from .same_classes import check_same_classes
from .sources import Sources, as_list
from .target_images import TargetImages


@DATASETS.register_module()
class UDADataset:
    """Source samples, each with a target sample drawn at random.

    Its length is that of the source. With an index of
    :class:`ResumableInfiniteSampler`, all that is drawn for a pair follows
    from the seed in that index, in whichever process it is made; with a
    plain index the present state of the global generators is used.

    A transform of a source pipeline that has ``needs_target_image``, as
    :class:`FourierStyle`, is given the image of the target sample.

    Both data sets are checked when this one is built: their folders, that
    every source image has a label, and for 32 files the label values, the
    size of label and image, and the class statistics where they are used;
    values and sizes of the others when they are loaded.

    Args:
        source: Config of a data set whose pipeline loads labels; or a list
            of such, of the same classes, each with a pipeline of its own.
        target: Config of a data set with the same classes; its pipeline needs
            no labels. Either may be a ``ConcatDataset``, a
            ``RepeatDataset`` or, with labels and their class statistics, a
            ``ClassBalancedDataset``. None: there are source samples alone,
            for supervised training.
        rare_class_sampling: Arguments of :class:`RareClassSampling`, which
            then draws the source sample instead of taking the index. ``{}``
            takes the defaults, None does without. Several sources are each
            sampled by their own classes; a list has the arguments of each.
        on_bad_image: What an image or label that cannot be read, or a label
            that is not right, leads to in training: 'stop', or 'skip', which
            draws another one in its place. ``BadImagesHook``, which
            mmseg-balance train adds then, counts them in the log; 16 in a row
            stop the training. What is drawn follows from the seed in the
            index either way.
        source_weights: How often each of several sources is drawn, in any
            unit, as in [1, 1]. None: each image of all of them equally
            often. With ``progressive`` a list for each phase.
        progressive: Iterations at which the next source takes over, as in
            [20000] for two: the sources are learnt one after the other, in
            their order or, with ``source_weights``, mixed by phase.
        source_names: What several sources are called in logs.
        few_shot: How many target images there are to learn from: a number
            (30), a share (0.01), a list of names, a file of such, or a dict
            of the arguments of :class:`FewShot`, with a seed for one. None:
            all of them.

    Attributes:
        source: The source data set; of several, all as one.
        sources (Sources): The sources, and how they are drawn.
        rare_class_sampling: What draws by class, or None; a list of such for
            several sources.
        target: The target data set, or None; with ``few_shot`` of the
            chosen images alone.
        few_shot (FewShot): What chose them, or None.
        on_bad_image (str): See above.

    Raises:
        FileNotFoundError: Folders, labels or class statistics are missing;
            names them and how they are made.
        ValueError: The classes of sources and target differ, a source
            pipeline loads no labels, a pipeline drops what its
            ``PseudoMargins`` makes, a label value is outside the classes, a
            label has another size than its image, the class statistics are
            those of other labels, a class cannot be drawn by rare class
            sampling, weights do not fit the sources, or ``few_shot`` the
            target.

    Example:
        >>> dict(
        ...     type='UDADataset',
        ...     source=dict(type='GTADataset', data_root='data/gta', ...),
        ...     target=dict(type='CityscapesDataset', ...),
        ...     rare_class_sampling=dict(class_temp=0.01, min_pixels=3000))
    """

    def __init__(
        self,
        source: Any,
        target: dict | BaseDataset | None = None,
        rare_class_sampling: dict | Sequence[dict | None] | None = None,
        on_bad_image: str = 'stop',
        source_weights: Sequence[Any] | None = None,
        progressive: Sequence[int] | None = None,
        source_names: Sequence[str] | None = None,
        few_shot: Any = None,
    ) -> None:
        check_policy(on_bad_image)
        self.on_bad_image = on_bad_image
        skip = on_bad_image == 'skip'
        self.sources = Sources(
            source,
            rare_class_sampling,
            source_weights,
            progressive,
            source_names,
            skip,
        )
        samplings = self.sources.samplings
        self.rare_class_sampling = (
            samplings[0] if len(samplings) == 1 else samplings
        )
        self.few_shot = FewShot.from_key(few_shot)
        if self.few_shot is not None and target is None:
            raise UserValueError(
                f'few_shot is {few_shot!r}, but there is no target to choose '
                'images of: set target, or few_shot to None'
            )
        self._domains = dict(source=self.sources.domain)
        self.source, self.target = self.sources.domain.dataset, None
        if target is not None:
            self.target = _built(target, 'target')
            if self.target is target and self.few_shot is not None:
                # images are left out of it, which its owner may still want
                self.target = copy.deepcopy(target)
            self._domains['target'] = Domain(
                self.target,
                'target',
                skip,
                keep=self.few_shot and self.few_shot.keep_in,
            )
        key, other = 'target', self.target
        if other is None:
            key, other = 'source[0]', self.sources.domains[0].dataset
        for domain in self.sources.domains:
            check_same_classes(domain.dataset, other, domain.name, key)
        self._fully_initialized = False
        if not any(_is_lazy(child) for child in (*as_list(source), target)):
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
                check_packing(part.dataset.pipeline.transforms, part.name)
            domain.check(needs_labels=name == 'source')
        self.sources.prepare(self.metainfo['classes'])
        self._target_images = TargetImages(
            self._domains['source'].parts, self._domains.get('target')
        )
        self._fully_initialized = True

    @property
    def required_hooks(self) -> dict[str, str]:
        """Hooks that a training on it is given, and what needs them."""
        hooks = {}
        if self.on_bad_image == 'skip':
            hooks['BadImagesHook'] = (
                'images are left out, which the log counts'
            )
        if len(self.sources.domains) > 1:
            hooks['SourceSharesHook'] = 'there are several sources'
        if self.few_shot is not None:
            hooks['FewShotHook'] = 'few_shot is set, whose choice is kept'
        return hooks

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
            index: Index into the source, with a seed and, where sources come
                one after the other, an iteration.

        Returns:
            ``dict(source=packed, target=packed)``, each what the pipeline
            of its data set returns: a dict of ``inputs`` and
            ``data_samples``. Without a target ``dict(source=packed)``.

        Raises:
            OSError: A file cannot be read or decoded; names it.
            ValueError: A label value is outside the classes, or a label has
                another size than its image.
        """
        target = self.domains.get('target')
        if isinstance(index, Draw):
            seed_cpu_generators(index.seed)
        # first, so that the partner does not depend on the augmentation
        partner = np.random.randint(len(target)) if target else 0
        seed = getattr(index, 'seed', None)
        with self._target_images.given(partner, seed):
            pair = dict(source=self.sources.draw(index))
        if target is not None:
            pair['target'] = target.take(partner, seed)
        return pair


def _is_lazy(config: dict | BaseDataset) -> bool:
    return isinstance(config, dict) and config.get('lazy_init', False)


def _built(dataset: dict | BaseDataset, key: str) -> Any:
    is_config = isinstance(dataset, dict)
    return build_lazily(dataset, key) if is_config else dataset


check_classes = check_same_classes  # its name in 0.1.0
