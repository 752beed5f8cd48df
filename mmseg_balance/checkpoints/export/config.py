"""Config of a plain segmentor, taken out of a training config."""

import copy
from typing import Any

from mmengine.config import Config, ConfigDict
from mmseg import registry

from ...errors import UserValueError
from ...files.config_walk import dicts_in

STOCK_PACKAGES = ('mmseg', 'mmcv', 'mmengine', 'torch', 'torchvision')
REGISTRIES = (
    registry.MODELS,
    registry.TRANSFORMS,
    registry.DATASETS,
    registry.METRICS,
    registry.DATA_SAMPLERS,
    registry.VISUALIZERS,
    registry.VISBACKENDS,
    registry.HOOKS,
    registry.LOOPS,
    registry.LOG_PROCESSORS,
)
# what a config needs for tools/test.py of MMSegmentation beside the data
RUNTIME_KEYS = (
    'env_cfg',
    'default_hooks',
    'vis_backends',
    'visualizer',
    'log_processor',
    'log_level',
)
TEST_KEYS = ('test_dataloader', 'test_evaluator', 'test_cfg')
TTA_KEYS = ('tta_model', 'tta_pipeline', 'img_ratios')


def foreign_modules(config: Any) -> set[str]:
    """Modules that a part of a config needs and MMSegmentation lacks.

    Args:
        config: Any part of a config.

    Returns:
        Full names of the modules that define them; empty where everything
        is stock.
    """
    modules = set()
    for part in dicts_in(config):
        kind = part.get('type')
        if isinstance(kind, str):
            found = (r.get(kind) for r in REGISTRIES)
            kind = next((k for k in found if k is not None), None)
        module = getattr(kind, '__module__', None)
        if module and module.split('.')[0] not in STOCK_PACKAGES:
            modules.add(module)
    return modules


def export_config(cfg: Config, segmentor: dict) -> Config:
    """Config with a plain segmentor as ``model`` and no training in it.

    The weights come from a file, so nothing loads initial ones. A loss that
    MMSegmentation lacks becomes a cross entropy: it has no part in testing.
    Data and metrics of the test are kept where MMSegmentation has them, or
    where the model needs further packages anyway; a metric that it lacks
    becomes its IoUMetric.

    Args:
        cfg: Config that the segmentor was trained with.
        segmentor: Config of the segmentor.

    Returns:
        Config with ``model``, ``test_pipeline``, what ``cfg`` has of the
        test and the runtime, and ``custom_imports`` where something is not
        of MMSegmentation.

    Raises:
        ValueError: ``cfg`` has no ``test_pipeline``.
    """
    if not cfg.get('test_pipeline'):
        raise UserValueError(
            'the config has no test_pipeline at its top level, which '
            'mmseg.apis.inference_model reads: add test_pipeline=[...], the '
            'pipeline of test_dataloader'
        )
    model = ConfigDict(copy.deepcopy(dict(segmentor)))
    strip_initial_weights(model)
    replace_foreign_losses(model)

    out = dict(
        default_scope=cfg.get('default_scope', 'mmseg'),
        model=model,
        test_pipeline=cfg.test_pipeline,
    )
    for key in RUNTIME_KEYS:
        if key in cfg and not foreign_modules(cfg[key]):
            out[key] = cfg[key]
    needs_more = bool(foreign_modules([model, cfg.test_pipeline]))
    tta = {key: cfg[key] for key in TTA_KEYS if key in cfg}
    if needs_more or not foreign_modules(tta):
        out.update(tta)
    out.update(_test_part(cfg, keep_foreign=needs_more))

    modules = foreign_modules(out)
    if modules:
        out['custom_imports'] = dict(
            imports=imports_for(cfg, modules), allow_failed_imports=False
        )
    return Config(copy.deepcopy(out))


def strip_initial_weights(model: ConfigDict) -> None:
    """Remove what would load weights while the model is built.

    Args:
        model: Config of a segmentor, changed in place.
    """
    for part in dicts_in(model):
        part.pop('init_cfg', None)
        if part.get('type') == 'TIMMBackbone':
            part['pretrained'] = False
            part.pop('checkpoint_path', None)
        else:
            part.pop('pretrained', None)


def replace_foreign_losses(model: ConfigDict) -> None:
    """Turn each loss that MMSegmentation lacks into a cross entropy.

    Args:
        model: Config of a segmentor, changed in place.
    """

    def stock(loss: dict) -> dict:
        if not foreign_modules(loss):
            return loss
        return dict(
            type='CrossEntropyLoss',
            use_sigmoid=False,
            loss_weight=loss.get('loss_weight', 1.0),
        )

    for part in dicts_in(model):
        losses = part.get('loss_decode')
        if isinstance(losses, (list, tuple)):
            part['loss_decode'] = [stock(loss) for loss in losses]
        elif losses is not None:
            part['loss_decode'] = stock(losses)


def imports_for(cfg: Config, modules: set[str]) -> list[str]:
    """What to import so that the classes of some modules are registered.

    Args:
        cfg: Config whose ``custom_imports`` did so in training.
        modules: Full names of modules.

    Returns:
        The entries of ``custom_imports`` of the same packages; for packages
        that it does not name, mmseg_balance or else the modules themselves.
    """
    listed = cfg.get('custom_imports', {}).get('imports', [])
    listed = [listed] if isinstance(listed, str) else list(listed)
    imports = set()
    for module in modules:
        package = module.split('.')[0]
        same = [name for name in listed if name.split('.')[0] == package]
        if package == 'mmseg_balance':
            same = [package]
        imports.update(same or [module])
    return sorted(imports)


def _test_part(cfg: Config, keep_foreign: bool) -> dict:
    """Keys of the test loop, or none where its data is not stock."""
    if any(not cfg.get(key) for key in TEST_KEYS):
        return {}
    test = {key: copy.deepcopy(cfg[key]) for key in TEST_KEYS}
    if keep_foreign:
        return test
    if foreign_modules([test['test_dataloader'], test['test_cfg']]):
        return {}
    if foreign_modules(test['test_evaluator']):
        test['test_evaluator'] = dict(type='IoUMetric', iou_metrics=['mIoU'])
    return test
