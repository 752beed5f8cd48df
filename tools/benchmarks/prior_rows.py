"""Rows of the series over the label shift: name, config, overrides."""

from dataclasses import dataclass

from method_rows import Row

DATA = 'lite0_500_toy2toy-128x128.py'
LOSS = 'model.segmentor.decode_head.loss_decode'
# as configs/_base_/balance/blda_auto.py has them: the paper's constants are
# those of 40,000 iterations
AUTO = {f'{LOSS}.warmup': 'auto', f'{LOSS}.min_samples': 'auto'}


@dataclass(frozen=True)
class Method(Row):
    """A row of the series.

    Attributes:
        adapts: Whether it sees the target's images in training; what does
            not is trained once and tested on every target set.
        post_hoc: The tau of post-hoc balancing (Eq. 7) before the test, or
            None. Such a row takes the training of its config.
    """

    adapts: bool = True
    post_hoc: float | None = None


SOURCE_ONLY = f'source_only/source_only_{DATA}'
METHODS = {
    'source_only': Method('Source only', SOURCE_ONLY, adapts=False),
    'source_only_post_hoc': Method(
        'Source only + post-hoc, tau 1',
        SOURCE_ONLY,
        adapts=False,
        post_hoc=1.0,
    ),
    'source_only_logit_adjustment': Method(
        'Source only + logit adjustment',
        f'source_only/source_only_logit-adjustment_{DATA}',
        adapts=False,
    ),
    'dacs': Method('DACS', f'dacs/dacs_{DATA}'),
    'dacs_logit_adjustment': Method(
        'DACS + logit adjustment', f'dacs/dacs_logit-adjustment_{DATA}'
    ),
    'dacs_blda_tau0.1': Method(
        'DACS + BLDA, tau 0.1',
        f'dacs/dacs_blda_{DATA}',
        {**AUTO, f'{LOSS}.tau': 0.1},
    ),
    'dacs_blda_tau0.5': Method(
        'DACS + BLDA, tau 0.5',
        f'dacs/dacs_blda_{DATA}',
        {**AUTO, f'{LOSS}.tau': 0.5},
    ),
}
