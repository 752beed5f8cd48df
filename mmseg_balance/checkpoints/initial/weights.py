"""What a new run takes of the checkpoint that ``load_from`` names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...errors import UserValueError
from ...models.uda import UDASegmentor
from ...models.uda.teacher.averaging import parted_keys
from ...state_dicts import differences, shown
from .layouts import PARTS, advice, parts_of

State = dict[str, Tensor]
COUNTER = 'num_batches_tracked'
STATISTICS = 'loss_decode.'


@dataclass
class InitialWeights:
    """Weights for a model, and what became of the others.

    Attributes:
        state: Part of the model's state dict.
        line: For the user: what was taken and what was not.
    """

    state: State
    line: str


def initial_weights(
    model: nn.Module,
    weights: State,
    path: str,
    trained: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> InitialWeights:
    """Decide which weights of a checkpoint a model starts from.

    A plain segmentor's go to the student of a UDA model and to its teacher;
    another UDA model brings its student and its teacher, and its student
    alone to a plain segmentor. Where its two differ in weights that are
    frozen here, and so one, the teacher starts from the student. All else
    keeps its first weights: the ImageNet backbone of the feature distance,
    discriminators, the density regression, and what does not fit, as the
    classifier of another number of classes. Statistics of losses are taken
    where the classes are the same.

    Args:
        model: The model, without its wrapper.
        weights: State dict of the checkpoint.
        path: Its file, for the messages.
        trained: Names of the classes that it was trained on, if known.
        classes: Names of the classes of the run, if known.

    Returns:
        What to load.

    Raises:
        ValueError: The checkpoint lacks weights of the backbone, or all;
            names keys, and the tool that converts or the key to set.
    """
    others = [repr(k) for k, v in weights.items() if not torch.is_tensor(v)]
    if others or not weights:
        found = f'no tensor under {shown(others)}' if others else 'nothing'
        raise UserValueError(f'load_from: {path} holds no state dict: {found}')
    own, parts, roots = model.state_dict(), parts_of(weights), _roots(model)
    same = bool(classes) and list(trained) == list(classes)
    # of each part of the model: the part of the checkpoint, and its weights
    origins = {p: next(o for o in (p, *PARTS) if o in parts) for p in roots}
    parted = parted_keys(model, weights) if 'teacher' in roots else []
    if parted:  # two values of what is one weight here
        origins['teacher'] = origins['student']
    offered = {
        root + key: value
        for part, root in roots.items()
        for key, value in parts[origins[part]].items()
    }
    state = {
        key: value
        for key, value in offered.items()
        if key in own
        and own[key].shape == value.shape
        and (same or STATISTICS not in key)
    }
    _check_backbone(roots['student'], own, state, offered, weights, path)
    is_uda = parts.get('student') is not weights
    taken = [
        f'{part} ({_counts(own, state, root)})'
        + (f' from its {origins[part]}' if is_uda else '')
        for part, root in roots.items()
    ]
    line = (
        f'load_from: {path} is of a {"UDA model" if is_uda else "segmentor"}; '
        f'taken: {", ".join(taken)}; {_left_out(own, state, offered, roots)}'
    )
    if parted:
        line += (
            f'; its teacher has other weights under {shown(parted)}, which '
            'student and teacher share here, since they are frozen'
        )
    if is_uda and set(weights) - set(_prefixed(parts)):
        rest = sorted({k.partition('.')[0] for k in weights} - set(PARTS))
        line += f'; not taken: its {", ".join(rest)}'
    if classes and trained and not same:
        line += f'; its {len(trained)} classes are others ({shown(trained)})'
    return InitialWeights(state, line)


def _roots(model: nn.Module) -> dict[str, str]:
    """Prefix of each segmentor in the keys of a model."""
    if not isinstance(model, UDASegmentor):
        return dict(student='')
    parts = PARTS if model.teacher is not None else PARTS[:1]
    return {part: f'{part}.' for part in parts}


def _prefixed(parts: dict[str, State]) -> list[str]:
    return [f'{part}.{key}' for part, state in parts.items() for key in state]


def _check_backbone(
    root: str,
    own: State,
    state: State,
    offered: State,
    weights: State,
    path: str,
) -> None:
    """Refuse a checkpoint without the whole backbone, or without anything."""
    prefix = f'{root}backbone.'
    needed = {
        key: value
        for key, value in own.items()
        if key.startswith(prefix) and not key.endswith(COUNTER)
    }
    lacking = {k: v for k, v in needed.items() if k not in state}
    if state and not lacking:
        return
    what = f'{len(lacking)} of the {len(needed)} weights of the backbone'
    if not state:
        what, lacking = 'every weight of the model', lacking or own
    key = 'model.segmentor.backbone' if root else 'model.backbone'
    raise UserValueError(
        f'load_from: {path} lacks {what}: '
        f'{shown(differences(lacking, offered))}; it has keys such as '
        f'{next(iter(weights))!r}. '
        + advice(weights, (k.removeprefix(prefix) for k in needed), key)
    )


def _counts(own: State, state: State, root: str) -> str:
    """How many weights of each module of a segmentor are taken."""
    total, taken = Counter(), Counter()
    for key in own:
        if key.startswith(root) and not key.endswith(COUNTER):
            if STATISTICS in key:
                name = 'statistics of losses'
            else:
                name = key.removeprefix(root).partition('.')[0]
            total[name] += 1
            taken[name] += key in state
    return ', '.join(f'{n} {taken[n]} of {t}' for n, t in total.items())


def _left_out(
    own: State, state: State, offered: State, roots: dict[str, str]
) -> str:
    """What keeps its first weights, and what the model has no use for."""
    root = roots['student']
    kept = {
        k: v
        for k, v in own.items()
        if k.startswith(root)
        and k not in state
        and not k.endswith(COUNTER)
        and STATISTICS not in k
    }
    unused = [repr(k) for k in offered if k.startswith(root) and k not in own]
    words = []
    if kept:
        words.append(f'first weights for {shown(differences(kept, offered))}')
    if unused:
        words.append(f'no use for {shown(unused)}')
    return '; '.join(words) or 'all of it fits'
