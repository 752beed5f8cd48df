"""A sweep over tau of one checkpoint, with what is known without labels."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmseg_balance.files.hashing import hash_file
from mmseg_balance.logits.statistics.file import load_statistics
from mmseg_balance.runs.experiment import run_tool

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools/analysis_tools'
TAUS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
PART = 'student'
FILES = ('config', 'checkpoint', 'statistics')


def sweep_tau(
    config: Path,
    checkpoint: Path,
    folder: Path,
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """Fit the distributions of a checkpoint's logits, and score Eq. 7.

    Statistics of this very checkpoint that are there are taken.

    Args:
        config: Its config.
        checkpoint: The checkpoint.
        folder: For statistics, outputs and the sweep.
        options: ``--cfg-options`` and what follows.

    Returns:
        The content of ``tau_sweep.json``, of its files the names.

    Raises:
        RuntimeError: A tool failed.
    """
    model = [config, checkpoint]
    part = ['--part', PART]
    statistics = folder / f'logit_statistics_{PART}.pth'
    if not is_of(statistics, checkpoint):
        command = TOOLS / 'fit_logit_statistics.py'
        run_tool(
            [
                *(command, *model, '--out', statistics, *part),
                *('--overwrite', *options),
            ],
            folder / 'fit_output.txt',
            cwd=ROOT,
        )
    sweep = folder / 'tau_sweep'
    command = [TOOLS / 'sweep_tau.py', *model, statistics, *part]
    command += ['--taus', *TAUS, '--out', sweep, '--overwrite']
    run_tool([*command, *options], folder / 'sweep_output.txt', cwd=ROOT)
    found = json.loads((sweep / 'tau_sweep.json').read_text())
    # names alone: folders are those of whoever ran it
    return found | {key: Path(found[key]).name for key in FILES}


def is_of(statistics: Path, checkpoint: Path) -> bool:
    """Whether there are statistics, and of this very checkpoint."""
    if not statistics.is_file():
        return False
    settings = load_statistics(statistics)[1].get('settings') or {}
    return settings.get('checkpoint') == hash_file(str(checkpoint))
