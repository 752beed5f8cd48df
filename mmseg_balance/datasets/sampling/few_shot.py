"""Few target images: some of all that there are, the same in every run."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import BaseDataset

from ...errors import UserTypeError, UserValueError
from ...number_checks import is_number
from ..files.named_images import below_common_folder, find_named, read_names
from ..loading.leaves import WRAPPERS, keyed_datasets, leaf_datasets

FEW_SHOT_FILE = 'few_shot.txt'
SHOWN_NAMES = 3
ARGUMENTS = ('number', 'share', 'names', 'file')
KEY = 'few_shot'
EXPECTED = (
    'a number of images (30), a share of them (0.01), a list of their names, '
    'the file of such a list, or dict(number=30, seed=1)'
)


class FewShot:
    """Chooses the images of a data set that a training may see.

    Images are drawn by a hash of the seed and their name, so that the choice
    depends on neither the seed of the run nor the place of the data, and 10
    images of a seed are among its 30.

    Args:
        number: How many images.
        share: How many, as a share of all; at least one image.
        names: Which: names of images as they end, by whole folders, with or
            without the suffix of the data set ('aachen_000000_000019').
        file: A file with such a name a line, as a training writes it
            (few_shot.txt in its work folder).
        seed: Seed of what is drawn; 0 by default.

    Attributes:
        total (int): Images there were to choose from, after :meth:`keep_in`.
        chosen (tuple[str, ...]): Names of those that were chosen, below the
            folder that all are in.

    Raises:
        TypeError, ValueError: An argument is not right.
        FileNotFoundError: There is no such file.

    Example:
        >>> dict(type='UDADataset', few_shot=30, ...)
        >>> dict(type='UDADataset', few_shot=dict(share=0.01, seed=1), ...)
        >>> dict(type='UDADataset', few_shot='few_shot.txt', ...)
    """

    def __init__(
        self,
        number: int | None = None,
        share: float | None = None,
        names: Sequence[str] | None = None,
        file: str | None = None,
        seed: int | None = None,
    ) -> None:
        given = (number, share, names, file)
        if sum(value is not None for value in given) != 1:
            raise UserValueError(
                f'few_shot takes one of {", ".join(ARGUMENTS)}, found '
                f'{dict(zip(ARGUMENTS, given, strict=True))}'
            )
        _check_amount(number, share)
        _check_seed(seed, of_list=names is not None or file is not None)
        self.number, self.share, self.seed = number, share, seed or 0
        self.names, self.file = names, file
        if file is not None:
            self.names = read_names(file, KEY)
        if self.names is not None:
            _check_names(self.names, file)
        self.total = 0
        self.chosen: tuple[str, ...] = ()

    @classmethod
    def from_key(cls, value: Any) -> 'FewShot | None':
        """What the key ``few_shot`` of a ``UDADataset`` says.

        Args:
            value: A number, a share, a list of names, a file of them, a dict
                of the arguments, or None for all images.

        Raises:
            TypeError, ValueError: It is none of these.
        """
        if value is None:
            return None
        if isinstance(value, str):
            return cls(file=value)
        if isinstance(value, Mapping):
            unknown = [k for k in value if k not in (*ARGUMENTS, 'seed')]
            if unknown:
                raise UserValueError(
                    f'few_shot has no argument {", ".join(map(str, unknown))}:'
                    f' expected some of {", ".join(ARGUMENTS)}, seed'
                )
            return cls(**value)
        if isinstance(value, (list, tuple)):
            return cls(names=value)
        if isinstance(value, float):
            return cls(share=value)
        return cls(number=value)

    def keep_in(self, dataset: Any) -> None:
        """Leave the chosen images alone in a data set.

        Args:
            dataset: Data set whose files are listed, or a wrapper of such,
                changed in place; it is still to be initialised itself.

        Raises:
            ValueError: There are fewer images than asked for, or a name is
                not there, or is that of several.
        """
        if self.chosen:
            return
        # a wrapper may have one data set twice
        leaves = list(
            {id(x): x for x in leaf_datasets(dataset, 'target')}.values()
        )
        paths = [
            [str(leaf.get_data_info(i)['img_path']) for i in range(len(leaf))]
            for leaf in leaves
        ]
        names = below_common_folder([p for part in paths for p in part])
        suffixes = tuple(s for leaf in leaves for s in _suffixes_of(leaf))
        self.total = len(names)
        kept = set(self._choose(names, suffixes))
        self.chosen = tuple(n for p, n in names.items() if p in kept)
        for leaf, part in zip(leaves, paths, strict=True):
            leaf.get_subset_([i for i, p in enumerate(part) if p in kept])
        for _, part in keyed_datasets(dataset, ''):
            if isinstance(part, WRAPPERS):
                # one that was built before counts its samples again
                part._fully_initialized = False

    @property
    def digest(self) -> str:
        """The chosen images in a few words, the same wherever they lie."""
        names = '\n'.join(self.chosen).encode()
        kind = hashlib.sha256(names).hexdigest()[:12]
        return f'{len(self.chosen)} chosen target images ({kind})'

    @property
    def note(self) -> str:
        """What a user is told of the choice."""
        shown = ', '.join(self.chosen[:SHOWN_NAMES])
        more = ', ...' if len(self.chosen) > SHOWN_NAMES else ''
        return f'a training sees {self} of the target: {shown}{more}'

    def __str__(self) -> str:
        if self.names is None:
            amount = self.number if self.share is None else self.share
            how = f'few_shot={amount}, seed {self.seed}'
        else:
            how = f'few_shot: {self.file or "a list of names"}'
        return f'{len(self.chosen)} of {self.total} images ({how})'

    def _choose(
        self, names: dict[str, str], suffixes: tuple[str, ...]
    ) -> list[str]:
        """The paths of the chosen among those of all, by path."""
        if self.names is not None:
            key = f'{KEY}: {self.file}' if self.file else KEY
            return find_named(self.names, names, suffixes, key)
        number = self.number
        if number is None:
            number = max(round(self.share * len(names)), 1)
        if number > len(names):
            raise UserValueError(
                f'few_shot asks for {number} target images, and there are '
                f'{len(names)}: set it to {len(names)} at most, or to None '
                'for all of them'
            )
        return sorted(names, key=lambda path: self._rank(names[path]))[:number]

    def _rank(self, name: str) -> bytes:
        return hashlib.sha256(f'{self.seed}/{name}'.encode()).digest()


def _check_amount(number: Any, share: Any) -> None:
    if number is not None and (
        isinstance(number, bool) or not isinstance(number, int)
    ):
        raise UserTypeError(f'few_shot is {number!r}, expected {EXPECTED}')
    if number is not None and number < 1:
        raise UserValueError(
            f'few_shot is {number}, expected at least 1 image, or None for '
            'all of them'
        )
    if share is not None and not (is_number(share) and 0 < share <= 1):
        raise UserValueError(
            f'few_shot is {share!r}, expected a share above 0 and at most 1 '
            '(0.01), or a whole number of images (30)'
        )


def _check_seed(seed: Any, of_list: bool) -> None:
    if seed is None:
        return
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UserValueError(
            f'few_shot.seed is {seed!r}, expected a whole number from 0'
        )
    if of_list:
        raise UserValueError(
            f'few_shot.seed is {seed}, but nothing is drawn of a list of '
            'names: leave it away'
        )


def _check_names(names: Any, file: str | None) -> None:
    what = f'few_shot: {file}' if file else 'few_shot'
    if not isinstance(names, (list, tuple)):
        raise UserTypeError(
            f'few_shot.names is {names!r}, expected a list of names'
        )
    wrong = [n for n in names if not isinstance(n, str) or not n.strip()]
    if wrong:
        raise UserTypeError(
            f'{what} lists {wrong[0]!r}, expected the name of an image'
        )
    if not names:
        raise UserValueError(
            f'{what} is an empty list: name at least one target image, or '
            'set few_shot to None for all of them'
        )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise UserValueError(f'{what} names {twice[0]!r} twice')


def _suffixes_of(leaf: BaseDataset) -> tuple[str, ...]:
    suffix = getattr(leaf, 'img_suffix', '')
    return (suffix,) if isinstance(suffix, str) else tuple(suffix)
