"""The settings of a config that its paper or public code names, resolved.

They are read from the built model and data classes, so that a default which
no config spells out counts as well.
"""

import inspect
from functools import partial

from mmcv.transforms import RandomFlip
from mmseg.datasets.transforms import RandomCrop

from mmseg_balance.datasets.sampling.rare_class_sampling import (
    RareClassSampling,
)
from mmseg_balance.models.uda.distances.feature_distance import FeatureDistance
from mmseg_balance.models.uda.mixing.photometric import StrongAugmentation


def settings_of(cfg, model):
    """Everything that ``recipe_table`` pins, by dotted name."""
    found = optimization(cfg)
    found |= data(cfg)
    found |= teaching(model)
    found |= objectives(model)
    found |= network(model.student)
    found |= losses(model)
    found |= instances(cfg, model.student)
    trained = cfg.model
    if trained.type == 'PostHocSegmentor':
        found['posthoc.tau'] = trained.tau
        trained = trained.segmentor
    # those of the model have no values on the meta device
    preprocessor = trained.segmentor.data_preprocessor
    for key in ('mean', 'std', 'bgr_to_rgb'):
        found[f'images.{key}'] = preprocessor[key]
    return found


def prefixed(name, values):
    """Values by dotted name."""
    return {f'{name}.{key}': value for key, value in values.items()}


def optimization(cfg):
    """Optimizers and schedules."""
    student = cfg.optim_wrapper.get('student', cfg.optim_wrapper)
    found = {f'optimizer.{k}': v for k, v in student.optimizer.items()}
    params = student.paramwise_cfg
    for name in ('decode_head', 'auxiliary_head', 'density', 'instance_head'):
        rate = params.custom_keys.get(name, {}).get('lr_mult')
        found[f'optimizer.{name}'] = rate
    found['optimizer.norm_decay'] = params.get('norm_decay_mult', 1.0)
    schedules = cfg.param_scheduler
    if not isinstance(schedules, dict):
        schedules = dict(student=schedules)
    else:
        optimizer = cfg.optim_wrapper.discriminator.optimizer
        found |= {f'discriminator.{k}': v for k, v in optimizer.items()}
    for part, steps in schedules.items():
        for step in steps:
            # a scheduler ends one iteration before its end
            name = f'{part}.{step.type}'
            found[f'{name}.iterations'] = step.end - 1 - step.begin
            for key in ('power', 'eta_min', 'start_factor'):
                if key in step:
                    found[f'{name}.{key}'] = step[key]
    found['iterations'] = cfg.train_cfg.max_iters
    return found


def data(cfg):
    """Batch, images, crops, and rare class sampling."""
    found = dict(batch_size=cfg.train_dataloader.batch_size)
    dataset = cfg.train_dataloader.dataset
    if dataset.get('few_shot') is not None:
        found['few_shot'] = dataset.few_shot
    for name in ('source', 'target'):
        steps = {step.type: step for step in dataset[name].pipeline}
        # without: images at their own size
        resize = steps.get('Resize', dict(scale=None))
        found[f'{name}.scale'] = resize['scale']
        found[f'{name}.keep_ratio'] = resize.get('keep_ratio', False)
        crop = inspect.signature(RandomCrop).bind(
            **{k: v for k, v in steps['RandomCrop'].items() if k != 'type'}
        )
        crop.apply_defaults()
        found[f'{name}.crop'] = crop.arguments['crop_size']
        if name == 'source':  # there are no labels of the target
            found['source.cat_max_ratio'] = crop.arguments['cat_max_ratio']
        flip = steps.get('RandomFlip')
        found[f'{name}.flip'] = flip and RandomFlip(prob=flip.prob).prob
        margins = steps.get('PseudoMargins')
        if margins:
            found[f'{name}.margins'] = margins.margins
    sampling = dataset.get('rare_class_sampling')
    found['rcs'] = sampling is not None
    if sampling is not None:
        sampling = RareClassSampling(**sampling)
        for key in ('class_temp', 'min_pixels', 'min_crop_ratio', 'max_crops'):
            found[f'rcs.{key}'] = getattr(sampling, key)
    return found


def instances(cfg, student):
    """What the public code of EDAPS does and is off by default."""
    head = getattr(student, 'instance_head', None)
    if head is None:
        return {}
    skips = head.skip_without_instances
    (metric,) = (
        metric
        for metric in cfg.val_evaluator
        if metric.type == 'PanopticQualityMetric'
    )
    return {
        'instances.skip_without_instances': skips,
        'PQ.void_as_road': metric.get('void_as_road', False),
    }


def teaching(model):
    """Teacher and pseudo-labels."""
    labeler = model.label_target
    return {
        'alpha': model.alpha,
        'predict_with': model.predict_with,
        'pseudo.threshold': labeler.threshold,
        'pseudo.weighting': labeler.weighting,
        'pseudo.ignore_top': labeler.ignore_top,
        'pseudo.ignore_bottom': labeler.ignore_bottom,
    }


def objectives(model):
    """What each objective has numbers for."""
    found = {}
    parts = list(model.objectives)
    for objective in model.objectives:
        # of several terms on one pass over the target
        parts += getattr(objective, 'terms', ())
    for objective in parts:
        name = objective.prefix
        for key in (
            *('loss_weight', 'auxiliary_loss_weight', 'attention_weight'),
            *('block_size', 'mask_ratio', 'domains'),
            *('stuff_weight', 'thing_weight', 'capacities', 'check_class'),
        ):
            if hasattr(objective, key):
                found[f'{name}.{key}'] = getattr(objective, key)
        criterion = getattr(objective, 'criterion', None)
        if isinstance(criterion, partial):
            found |= prefixed(name, criterion.keywords)
            criterion = criterion.func
        if criterion is not None:
            found[f'{name}.criterion'] = criterion.__name__
        for module in objective.modules():
            if isinstance(module, StrongAugmentation):
                for key in ('jitter_probability', 'jitter_strength'):
                    found[f'{name}.{key}'] = getattr(module, key)
                found[f'{name}.blur_probability'] = module.blur_probability
            elif isinstance(module, FeatureDistance):
                for key in ('classes', 'loss_weight', 'min_ratio'):
                    found[f'feature_distance.{key}'] = getattr(module, key)
    return found


def network(student):
    """The numbers of the segmentor that are not its architecture's size."""
    head = student.decode_head
    found = {'head.align_corners': head.align_corners}
    inner = getattr(head, 'head', head)
    for key in ('dilations', 'dropout_ratio', 'channels'):
        if key != 'dilations' or hasattr(inner, key):
            found[f'head.{key}'] = getattr(inner, key)
    if hasattr(head, 'detail_loss_weight'):
        found['hrda.detail_loss_weight'] = head.detail_loss_weight
        for key in ('scale', 'detail_crop_size', 'crop_coord_divisible'):
            found[f'hrda.{key}'] = getattr(student, key)
        found['hrda.detail_overlap'] = student.detail_overlap
        found['hrda.stride'] = student.test_cfg.stride
        found['hrda.window'] = student.test_cfg.crop_size
    auxiliary = getattr(student, 'auxiliary_head', None)
    if auxiliary is not None:
        found['auxiliary.loss_weight'] = auxiliary.loss_decode.loss_weight
        found['auxiliary.dilations'] = auxiliary.dilations
    backbone = student.backbone
    found['backbone'] = type(backbone).__name__
    found['backbone.drop_path'] = max(
        getattr(m, 'drop_prob', 0.0) or 0.0 for m in backbone.modules()
    )
    return found


def losses(model):
    """The loss of the head, and that of the density."""
    loss = model.student.decode_head.loss_decode
    found = {'loss': type(loss).__name__, 'loss.weight': loss.loss_weight}
    for key in (
        *('tau', 'adjust', 'mode', 'regularization', 'focal_gamma', 'beta'),
        *('unit', 'momentum'),
    ):
        if hasattr(loss, key):
            found[f'loss.{key}'] = getattr(loss, key)
    if hasattr(loss, 'statistics'):
        statistics = loss.statistics
        for key in ('em_loops', 'min_samples', 'clip', 'anchor'):
            found[f'loss.{key}'] = getattr(statistics, key)
        for key in ('num_components', 'momentum', 'warmup', 'min_variance'):
            found[f'loss.{key}'] = getattr(statistics.source, key)
    if model.density is not None:
        found['density.loss_weight'] = model.density.loss_weight
        found['density.norm'] = model.density.norm
    return found
