"""Messages of other packages that lead nowhere, in better words."""

import re

ADVICE = (
    (
        r"object has no attribute '_(modules|parameters|buffers)'",
        '{error}: its __init__ has to begin with super().__init__()',
    ),
    (
        r'`optim_wrapper_cfg` must contain "optimizer"',
        'optim_wrapper has no optimizer: set optim_wrapper.optimizer=dict('
        "type='AdamW', lr=6e-5) for one, or, where objectives have optimizers "
        'of their own, optim_wrapper.constructor='
        "'AdversarialOptimWrapperConstructor'",
    ),
    (
        r'each item mush be an optimizer object when "type" and',
        'optim_wrapper has several optimizers and no constructor: set '
        "optim_wrapper.constructor='AdversarialOptimWrapperConstructor'",
    ),
    (
        r'hook should be an instance of Hook or dict',
        "{error}: write dict(type='NAME') in custom_hooks",
    ),
    (
        r'Trying to backward through the graph a second time',
        'a loss goes backward through a graph that is gone: detach what is '
        'kept of an earlier forward pass, as what around() of an objective '
        'yields',
    ),
    (
        r'base_(wd|lr) should not be None',
        'optim_wrapper.paramwise_cfg multiplies the weight decay or the '
        'learning rate, and optim_wrapper.optimizer has none: set '
        'optim_wrapper.optimizer.weight_decay and .lr',
    ),
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
    (
        r'only one of size and size_divisor should be valid',
        'data_preprocessor has neither size nor size_divisor, or both: set '
        'data_preprocessor.size to the crop, size=(512, 512) for example',
    ),
    (
        r'The image size in a batch should be the same',
        'the images of a validation batch differ in size: set '
        'val_dataloader.batch_size=1, or test_cfg=dict(size_divisor=32) of '
        'the data_preprocessor, which pads them',
    ),
    (
        r'Expected more than 1 value per channel when training',
        'a batch norm sees one value a channel, as where a head pools the '
        'image to one pixel (PSPHead, ASPPHead) and the batch is 1: raise '
        'train_dataloader.batch_size to 2, or take norm_cfg=dict(type='
        "'SyncBN') on several ranks",
    ),
    (
        r'index \d+ is out of bounds for dimension 0 with size \d+',
        '{error}: a label is outside of a list of classes. CrossEntropyLoss '
        'of MMSegmentation with class_weight fails so at ignored pixels: '
        "leave class_weight away, or set loss_decode.type='WeightedCross"
        "EntropyLoss', which leaves them out",
    ),
    (
        r"Input (height|width) \(\d+\) doesn't match model",
        '{error}: the backbone takes images of one size, so set test_cfg=dict('
        "mode='slide', crop_size=(512, 512), stride=(384, 384)) of the "
        'segmentor with that size as crop_size',
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
    for known, line in ADVICE:
        if re.search(known, text):
            return line.replace('{error}', text.rstrip('.'))
    return None
