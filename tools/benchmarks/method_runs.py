"""Runs of the tables of method_table.py."""

import json
from pathlib import Path
from typing import Any

import torch
from method_rows import Group, Row, config_text
from tau_sweeps import sweep_tau

from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.comparison.trainings import Training
from mmseg_balance.runs.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]
CHANGED = 'the sources changed while it ran'
HOOK = 'default_hooks.balance_signals'
SIGNALS = ('balance/', 'bias.', 'share.target/')
CPU = 'cpu'


def experiment(
    group: Group, method: str, seed: int, work_dir: Path, scored: bool = True
) -> Experiment:
    """A run of the table.

    Args:
        group: The table.
        method: The row.
        seed: Seed.
        work_dir: Folder for the folders of experiments.
        scored: With what the group's tests are of, which is in the record of
            a result; a training is one whatever tests it.
    """
    row = group.rows[method]
    config = Path('configs') / row.config
    if row.parts:
        name = f'{method}_{Path(group.folder).name}'.replace('.', '-')
        config = work_dir / 'configs' / f'{name}.py'
        text = config_text(row, group.data).encode()
        write_atomically(config, text)
    return Experiment(
        ROOT,
        config,
        work_dir,
        {'default_hooks.checkpoint.interval': 100}
        | signal_options(group, row)
        | dict(row.options)
        | (dict(group.test_options) if scored else {}),
        seed,
        f'{method}_seed{seed}',
        group.parts + group.arguments,
    )


def signal_options(group: Group, row: Row) -> dict[str, Any]:
    """Overrides by which a training notes its signals of balance.

    Args:
        group: The table.
        row: The row; source only has no pseudo-labels that any could be of.
    """
    if not group.signals or 'source_only' in row.config:
        return {}
    return {f'{HOOK}.type': 'BalanceSignalsHook', f'{HOOK}.interval': 100}


def signals_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What a training noted of its balance, over its iterations.

    Args:
        folder: Its work folder.

    Returns:
        Pairs of iteration and value by name, see docs/logging.md.
    """
    found: dict[str, dict[int, float]] = {}
    for line in Training(folder).lines:
        for key, value in line.items():
            if key.startswith(SIGNALS):
                # a resumed run has an iteration twice
                found.setdefault(key, {})[line['step']] = round(value, 4)
    return {key: sorted(points.items()) for key, points in found.items()}


def result_file(out: Path, method: str, seed: int) -> Path:
    """Where the scores of a run are kept."""
    return out / f'{method}_seed{seed}.json'


def device() -> str:
    """What runs are of here: the name of the GPU, or 'cpu'."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else CPU


def stale(result: Path, run: Experiment) -> str | None:
    """Why a result is not one of these settings and this code.

    Args:
        result: Its file, which may be missing.
        run: The run it should be of.

    Returns:
        A line with the file; None for a good or missing result.
    """
    if not result.is_file():
        return None
    lines = run.differences(json.loads(result.read_text()))
    return f'{result} has {"; ".join(lines)}' if lines else None


def finish(
    group: Group, method: str, seed: int, work_dir: Path, out: Path
) -> None:
    """Do what is left of a run; a result that is there is left alone."""
    result = result_file(out, method, seed)
    if result.is_file():
        return
    run = experiment(group, method, seed, work_dir, scored=False)
    if run.checkpoint is None:
        print(f'{run.folder.name}: training', flush=True)
        run.train(group.arguments)
    scores = {}
    for part in group.parts:
        values = run.test(
            f'{Path(group.folder).name}_{part}',
            options=dict(group.test_options) | predict_with(group, part),
        )
        scores[part] = {
            k: round(v, 4) for k, v in values.items() if 'time' not in k
        }
    data = experiment(group, method, seed, work_dir).record | scores
    data['device'] = device()
    if group.sweeps:
        # under 'tau_sweep' no tool takes it for scores of the method
        options = [f'{k}={v}' for k, v in run.options.items()]
        data['tau_sweep'] = sweep_tau(
            run.config,
            run.checkpoint,
            run.folder,
            ['--cfg-options', *options],
        )
    if group.signals:
        data['signals'] = signals_of(run.folder)
    if not run.is_current():
        data['fingerprint'] = CHANGED
    write_atomically(result, (json.dumps(data, indent=1) + '\n').encode())
    shown = scores[group.parts[-1]][group.columns[0]]
    print(f'{run.folder.name}: {shown:.2f}', flush=True)


def predict_with(group: Group, part: str) -> dict[str, str]:
    """Override that scores a part; methods without a teacher need none."""
    return {'model.predict_with': part} if len(group.parts) > 1 else {}
