"""What a training builds on: a first stage, translated images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...configuration.library import find_config
from ...datasets.pairs.named_source import named_source
from ...errors import UserTypeError, UserValueError
from .commands import Reproduction
from .earlier_run import find_work_dir, run_config
from .steps import Step, TrainStep, WriteStep, words_of

FIRST, TRANSLATION = 'first_stage', 'translation'
NETWORK = 'model.segmentation'
SOURCE = 'train_dataloader.dataset.source'
LABELS = 'train_dataloader.dataset.target.data_prefix.seg_map_path'


@dataclass(frozen=True)
class Plan:
    """A training, and what has to be there before it.

    Attributes:
        training: The training, with the paths of what the steps write.
        before: The steps, in their order.
    """

    training: TrainStep
    before: Sequence[Step] = ()


@dataclass(frozen=True)
class Planner:
    """Reads what trainings build on.

    Args:
        how: How commands are run.
        seed: Seed of all trainings; None: that of the first that is read.
        chain: Configs whose steps are being planned.
    """

    how: Reproduction
    seed: int | None = None
    chain: tuple[Path, ...] = ()

    def plan(
        self,
        config: str,
        work_dir: Path | None = None,
        options: Sequence[str] = (),
    ) -> Plan:
        """A training and all that it builds on; nothing is started.

        Args:
            config: Config file.
            work_dir: Folder of the training, and of those before it in
                folders of it. Default: each has that of its own config and
                seed, which other rows may have trained already.
            options: Overrides of it and of its first stages, KEY=VALUE each.

        Returns:
            The training with its steps.

        Raises:
            FileNotFoundError: There is no such config.
            TypeError, ValueError: A key is not right; names it.
        """
        path = Path(config).resolve()
        if path in self.chain:
            raise UserValueError(
                f'{config} builds on itself: correct {FIRST}.config'
            )
        cfg = self._read(config, options)
        seed = cfg.randomness.seed
        inner = replace(self, seed=seed, chain=(*self.chain, path))
        folder = work_dir or find_work_dir(config, seed)
        parts = [
            inner._network(cfg, work_dir),
            *inner._before_data(config, cfg, work_dir, folder, options),
        ]
        steps = _each_once([s for part in parts for s in part[0]])
        found = [override for part in parts for override in part[1]]
        overrides = [*options, *found]
        if found:
            cfg = inner._read(config, overrides)
        return Plan(TrainStep(config, cfg, folder, overrides), steps)

    def _read(self, config: str, options: Sequence[str]) -> Config:
        how = self.how
        return run_config(config, self.seed, options, how.gpus, how.data_root)

    def _network(
        self, cfg: Config, work_dir: Path | None
    ) -> tuple[list[Step], list[str]]:
        """Of a translator with a perceptual loss: the network of that."""
        network = (cfg.get('model') or {}).get('segmentation')
        if not isinstance(network, Mapping) or not network.get('config'):
            return [], []
        inner = None if work_dir is None else work_dir / 'segmentation'
        plan = self.plan(_file(network['config'], f'{NETWORK}.config'), inner)
        last = plan.training.last.resolve()
        return (
            [*plan.before, plan.training],
            [f'{NETWORK}.checkpoint={last}'],
        )

    def _before_data(
        self,
        config: str,
        cfg: Config,
        work_dir: Path | None,
        folder: Path,
        options: Sequence[str],
    ) -> list[tuple[list[Step], list[str]]]:
        """A first stage and its labels; translated images."""
        key = FIRST
        first = _settings(cfg.get(key), key, ('config', 'pseudo_labels'))
        parts: list[tuple[list[Step], list[str]]] = []
        theirs: Sequence[Any] = ()
        if first is not None:
            inner = None if work_dir is None else work_dir / key
            plan = self.plan(
                _file(first.get('config'), f'{key}.config'), inner, options
            )
            parts.append(_labels(plan, first.get('pseudo_labels'), folder))
            theirs = _translations(plan.training.cfg)
            if _translations(cfg) == theirs:
                # they are there already
                folder, work_dir = plan.training.work_dir, inner
        for i, entry in enumerate(_translations(cfg)):
            name = 'translated' if not i else f'translated_{i}'
            parts.append(
                self._translation(
                    config, cfg, entry, folder / name, work_dir, options
                )
            )
        return parts

    def _translation(
        self,
        config: str,
        cfg: Config,
        entry: Mapping[str, Any],
        out: Path,
        work_dir: Path | None,
        options: Sequence[str],
    ) -> tuple[list[Step], list[str]]:
        rest = dict(entry)
        name = rest.pop('translator', 'fourier')
        steps: list[Step] = []
        words: list[Any] = [config, '--out', str(out), '--translator', name]
        if str(name).endswith('.py'):
            inner = None if work_dir is None else work_dir / 'translator'
            plan = self.plan(_file(name, f'{TRANSLATION}.translator'), inner)
            steps = [*plan.before, plan.training]
            # where other trainings find them
            out = plan.training.work_dir / out.name
            words[2:] = [str(out), '--translator', plan.training.config]
            words.append(plan.training)
        words += words_of('translate', rest, TRANSLATION)
        steps.append(WriteStep('translate', words, out, options))
        key = _source_key(cfg, rest.get('source'))
        return steps, [f'{key}.translated_root={out.resolve()}']


def _labels(
    plan: Plan, settings: Any, folder: Path
) -> tuple[list[Step], list[str]]:
    """A first stage and the labels that it gives."""
    training, key = plan.training, f'{FIRST}.pseudo_labels'
    if not isinstance(settings or {}, Mapping):
        raise UserTypeError(
            f'{key} is {settings!r}, expected a dict of options of '
            'mmseg-balance pseudo-labels, such as dict(share=0.5, cap=0.9)'
        )
    out = folder / 'pseudo_labels'
    words = words_of('pseudo-labels', settings or {}, key)
    write = WriteStep(
        'pseudo-labels',
        [training.config, training, '--out', str(out), *words],
        out,
        training.overrides,
    )
    return (
        [*plan.before, training, write],
        [f'{LABELS}={out.resolve()}'],
    )


def _settings(
    value: Any, key: str, known: Sequence[str]
) -> Mapping[str, Any] | None:
    """A key of a config, where it is there."""
    if value is None:
        return None
    is_dict = isinstance(value, Mapping)
    if not is_dict or 'config' not in value or set(value) - set(known):
        raise UserValueError(
            f'{key} is {value!r}, expected dict(config=..., '
            'pseudo_labels=dict(...)): the config of the training whose '
            'labels are learnt from, and options of mmseg-balance '
            'pseudo-labels'
        )
    return value


def _translations(cfg: Config) -> list[dict[str, Any]]:
    value = cfg.get(TRANSLATION)
    entries = value if isinstance(value, (list, tuple)) else [value]
    found = [] if value is None else list(entries)
    for entry in found:
        if not isinstance(entry, Mapping):
            raise UserTypeError(
                f'{TRANSLATION} is {value!r}, expected a dict, or one for '
                "each source: dict(translator='fourier') or "
                "dict(translator='cyclegan/NAME.py')"
            )
    return [dict(entry) for entry in found]


def _source_key(cfg: Config, source: Any) -> str:
    """Key of the source that is translated."""
    data = cfg.train_dataloader.dataset
    if not isinstance(data.get('source'), (list, tuple)):
        return SOURCE
    place = named_source(data, source)
    if place is None:
        raise UserValueError(
            f'{TRANSLATION}.source is {source!r}, expected the number of one '
            f'of the {len(data.source)} sources, from 0, or its name in '
            'source_names'
        )
    return f'{SOURCE}.{place}'


def _file(name: Any, key: str) -> str:
    """Config that a key names, from wherever the command is started."""
    if not isinstance(name, (str, Path)):
        raise UserTypeError(
            f'{key} is {name!r}, expected the file of a config, or its name'
        )
    return str(find_config(name))


def _each_once(steps: Sequence[Step]) -> list[Step]:
    """Steps without those that write what an earlier one has written."""
    found: dict[Path, Step] = {}
    for step in steps:
        found.setdefault(step.place, step)
    return list(found.values())
