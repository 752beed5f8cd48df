"""Messages of other packages that lead nowhere, in better words."""

import re

ADVICE = (
    (
        r'albumentations is not installed',
        'a pipeline has Albu, and albumentations is not installed: '
        "'pip install albumentations'",
    ),
    (
        r'AmpOptim\w*Wrapper`* is only available training on gpu',
        'optim_wrapper.type is AmpOptimWrapper, which needs an accelerator: '
        "drop --amp or set it to 'OptimWrapper'; on a CPU --amp takes "
        'AutocastOptimWrapper',
    ),
    (
        r'SyncBatchNorm expected input tensor to be on GPU',
        'several processes train on CPUs, and SyncBN needs GPUs: set '
        "norm_cfg.type of backbone and heads to 'BN' and leave sync_bn away, "
        'or take one process',
    ),
)


def advice(error: BaseException) -> str | None:
    """What to do about an error of another package.

    Args:
        error: The error.

    Returns:
        One line; None for errors whose own message is good.
    """
    text = str(error)
    return next(
        (line for known, line in ADVICE if re.search(known, text)), None
    )
