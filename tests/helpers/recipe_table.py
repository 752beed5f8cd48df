"""Hyper-parameters of the published rows, and where they are published.

Parts are merged in their order; all that fit a row's name count. A value is
that of the source, not of a config here. What no source has is under
``OWN``.
"""

import re

from helpers.recipe_settings import prefixed

DAFORMER = 'lhoyer/DAFormer at 438603d'
OPTIMIZERS = {
    'adamw': {
        'optimizer.type': 'AdamW',
        'optimizer.lr': 6e-5,
        'optimizer.betas': (0.9, 0.999),
        'optimizer.weight_decay': 0.01,
        'student.LinearLR.iterations': 1500,
        'student.LinearLR.start_factor': 1e-6,
        'student.PolyLR.iterations': 40000,
        'student.PolyLR.power': 1.0,
        'student.PolyLR.eta_min': 0.0,
        'iterations': 40000,
    },
    'sgd': {
        'optimizer.type': 'SGD',
        'optimizer.lr': 2.5e-4,
        'optimizer.momentum': 0.9,
        'optimizer.weight_decay': 5e-4,
        'student.PolyLR.iterations': 250000,
        'student.PolyLR.power': 0.9,
        'student.PolyLR.eta_min': 0.0,
        'iterations': 250000,
    },
}
IMAGENET = {
    'images.mean': (123.675, 116.28, 103.53),
    'images.std': (58.395, 57.12, 57.375),
    'images.bgr_to_rgb': True,
}
DEEPLAB = {
    'backbone': 'ResNetV1c',
    'backbone.drop_path': 0.0,
    'head.dilations': (6, 12),
    'head.dropout_ratio': 0,
    'head.channels': 19,
}
MIT = {
    'backbone': 'FusedMixVisionTransformer',
    'backbone.drop_path': 0.1,
    'head.dropout_ratio': 0.1,
    'head.channels': 256,
    'optimizer.norm_decay': 0.0,
}
AUGMENTATION = {
    'jitter_probability': 0.8,  # applied where a draw is above 0.2
    'jitter_strength': 0.2,
    'blur_probability': 0.5,
}
SAMPLING = {
    'rcs': True,
    'rcs.class_temp': 0.01,
    'rcs.min_pixels': 3000,
    'rcs.max_crops': 10,
}
FEATURE_DISTANCE = {
    'feature_distance.classes': (6, 7, 11, 12, 13, 14, 15, 16, 17, 18),
    'feature_distance.loss_weight': 0.005,
    'feature_distance.min_ratio': 0.75,
}
HIGH_RESOLUTION = {
    'source.crop': (1024, 1024),
    'target.crop': (1024, 1024),
    'target.scale': (2048, 1024),
    'target.margins': (30, 240, 30, 30),
    'rcs.min_crop_ratio': 2.0,
    'pseudo.ignore_top': 0,
    'pseudo.ignore_bottom': 0,
    'hrda.detail_loss_weight': 0.1,
    'hrda.scale': 0.5,
    'hrda.detail_crop_size': (512, 512),
    'hrda.crop_coord_divisible': 8,
    'hrda.detail_overlap': True,
    'hrda.stride': (512, 512),
    'hrda.window': (1024, 1024),
}
ADVERSARIAL = {
    'alpha': None,
    'optimizer.auxiliary_head': 10.0,
    'discriminator.type': 'Adam',
    'discriminator.lr': 1e-4,
    'discriminator.betas': (0.9, 0.99),
    'discriminator.PolyLR.iterations': 250000,
    'discriminator.PolyLR.power': 0.9,
    'discriminator.PolyLR.eta_min': 0.0,
    'adv.loss_weight': 0.001,
    'adv.auxiliary_loss_weight': 0.0002,
    'adv.criterion': 'binary_cross_entropy_with_logits',
    'auxiliary.loss_weight': 0.1,
}
# one classifier, on few target images
FEW_SHOT = {
    **OPTIMIZERS['sgd'],
    **DEEPLAB,
    'few_shot': 30,
    'alpha': None,
    'optimizer.auxiliary_head': 10.0,
}
ONE_LEVEL = {
    **{k: v for k, v in ADVERSARIAL.items() if k.startswith('discrim')},
    'adv.criterion': 'binary_cross_entropy_with_logits',
    'adv.auxiliary_loss_weight': 0.0,
}
BLDA = {
    'loss': 'BLDALoss',
    'loss.tau': 0.1,
    'loss.num_components': 5,
    'loss.momentum': 0.99,
    'loss.em_loops': 3,
    'loss.min_samples': 100,
    'loss.anchor': 'source',
    'loss.adjust': 'all',
    # of the released code alone
    'loss.warmup': 1500,
    'loss.clip': 0.01,
    'loss.min_variance': 1e-4,
}
DENSITY = {'density.loss_weight': 0.2, 'density.norm': 'l2'}
GBW = {
    'loss': 'GBWLoss',
    'loss.mode': 'released',
    'loss.regularization': 1.0,
    'loss.focal_gamma': 0.0,
}
# what no source says: of small effect, or a choice of ours
OWN = {
    'optimizer.decode_head': 10.0,
    'optimizer.auxiliary_head': None,
    'optimizer.density': 10.0,
    'optimizer.instance_head': None,
    'predict_with': 'student',
    'loss': 'CrossEntropyLoss',
    'loss.weight': 1.0,
    'pseudo.threshold': 0.968,
    'pseudo.weighting': 'batch',
}


S = '(gta|synthia)/'
PARTS = [
    ('.*', 'ours', OWN),
    (
        '.*',
        f'{DAFORMER}: configs/_base_/datasets/uda_gta_to_cityscapes_512x512',
        {
            'batch_size': 2,
            'source.keep_ratio': True,
            'source.crop': (512, 512),
            'source.cat_max_ratio': 0.75,
            'source.flip': 0.5,
            'target.scale': (1024, 512),
            'target.keep_ratio': False,  # the scale has the images' ratio
            'target.crop': (512, 512),
            'target.flip': 0.5,
            'head.align_corners': False,
            'optimizer.norm_decay': 1.0,
            'rcs': False,
            'pseudo.ignore_top': 0,
            'pseudo.ignore_bottom': 0,
            **IMAGENET,
        },
    ),
    ('gta/.*', f'{DAFORMER}: the same', {'source.scale': (1280, 720)}),
    (
        'synthia/.*',
        f'{DAFORMER}: uda_synthia_to_cityscapes_512x512',
        {'source.scale': (1280, 760)},
    ),
    (
        S + '(dacs|daformer|cdac|hrda|mic|edaps).*',
        'BLDA, Sec. 4.1; DAFormer: schedules/adamw, poly10warm',
        OPTIMIZERS['adamw'],
    ),
    (
        S + 'dacs.*',
        f'{DAFORMER}: uda/dacs, models/deeplabv2red_r50-d8',
        {'alpha': 0.99, **prefixed('mix', AUGMENTATION), **DEEPLAB},
    ),
    (
        S + '(daformer|cdac|hrda|mic|edaps).*',
        f'{DAFORMER}: gta2cs_uda_warm_fdthings_rcs_croppl_a999_daformer_mitb5',
        {
            'alpha': 0.999,
            'pseudo.ignore_top': 15,
            'pseudo.ignore_bottom': 120,
            'rcs.min_crop_ratio': 0.5,
            **prefixed('mix', AUGMENTATION),
            **MIT,
            **SAMPLING,
            **FEATURE_DISTANCE,
        },
    ),
    (S + 'daformer-c.*', 'DAFormer: experiments.py, 5', DEEPLAB),
    (S + 'daformer-c.*', 'the same', {'optimizer.norm_decay': 1.0}),
    (
        S + 'cdac.*',
        'wangkaihong/CDAC at b30e419: gta2cs_uda_dacs_cda_mitb5_b2_s0',
        {
            'cdac.loss_weight': 0.5,
            'cdac.attention_weight': 1.0,
            **prefixed('cdac', AUGMENTATION),
            **{f'mix.{key}': ... for key in AUGMENTATION},
        },
    ),
    (
        S + '(hrda|mic).*',
        'lhoyer/HRDA at 09af319: configs/hrda/gtaHR2csHR_hrda',
        HIGH_RESOLUTION,
    ),
    ('gta/(hrda|mic).*', 'the same', {'source.scale': (2560, 1440)}),
    (
        'synthia/(hrda|mic).*',
        'HRDA: uda_synthiaHR_to_cityscapesHR_1024x1024',
        {'source.scale': (2560, 1520)},
    ),
    (
        S + 'mic.*',
        'lhoyer/MIC at 2d67327: seg/configs/mic/gtaHR2csHR_mic_hrda',
        {
            'masked.block_size': 64,
            'masked.mask_ratio': 0.7,
            'masked.loss_weight': 1.0,
            'masked.domains': 'target',
            **prefixed('masked', AUGMENTATION),
        },
    ),
    (
        S + 'dacs-(250k|original).*',
        'vikolss/DACS at e6cb522: configs/configUDA.json',
        {
            **{key: ... for key in OPTIMIZERS['adamw']},
            **OPTIMIZERS['sgd'],
        },
    ),
    (
        S + 'dacs-original.*',
        'vikolss/DACS at fc44a74: trainUDA.py, utils/transformsgpu.py',
        {
            'source.keep_ratio': False,
            'source.cat_max_ratio': 1.0,
            'source.flip': None,
            'target.flip': None,
            'mix.jitter_strength': 0.25,
            'head.align_corners': True,
            'backbone': 'ResNet',
            'images.mean': (104.00698793, 116.66876762, 122.67891434),
            'images.std': (1.0, 1.0, 1.0),
            'images.bgr_to_rgb': False,
        },
    ),
    (
        S + 'edaps.*',
        'susaha/edaps at 9fbc286, as run for the reference numbers',
        {
            'source.scale': None,
            'source.keep_ratio': False,
            'optimizer.instance_head': 10.0,
            'instances.skip_without_instances': True,
            'PQ.void_as_road': True,
        },
    ),
    (
        S + '(advent|adaptsegnet).*',
        'wasidennis/AdaptSegNet at 351fef3: train_gta2cityscapes_multi.py, '
        'model/deeplab_multi.py',
        {
            **OPTIMIZERS['sgd'],
            **DEEPLAB,
            **ADVERSARIAL,
            'auxiliary.dilations': (6, 12),
            'iterations': 150000,
        },
    ),
    (
        S + 'advent.*',
        'valeoai/ADVENT at 7d6f78d: advent/domain_adaptation/config.py',
        {
            'iterations': 120000,
            'head.dilations': (6, 12, 18, 24),
            'auxiliary.dilations': (6, 12, 18, 24),
        },
    ),
    (
        S + '(minent|maxsquare).*',
        'valeoai/ADVENT at 7d6f78d: config.py; for MaxSquare 120k is ours',
        {
            **OPTIMIZERS['sgd'],
            **DEEPLAB,
            'alpha': None,
            'optimizer.auxiliary_head': 10.0,
            'iterations': 120000,
        },
    ),
    (
        S + 'minent',
        'ADVENT: config.py, advent/scripts/configs/minent.yml',
        {
            'tgt.criterion': 'entropy',
            'tgt.loss_weight': 0.001,
            'tgt.auxiliary_loss_weight': 0.0002,
            'auxiliary.loss_weight': 0.1,
            'head.dilations': (6, 12, 18, 24),
            'auxiliary.dilations': (6, 12, 18, 24),
        },
    ),
    (
        S + 'maxsquare.*',
        'ZJULearning/MaxSquareLoss at 09a5233: README.md',
        {
            'tgt.criterion': 'max_square',
            'tgt.loss_weight': 0.1,
            'tgt.auxiliary_loss_weight': 0.0,
        },
    ),
    (
        S + 'maxsquare_iw',
        'the same',
        {'tgt.criterion': 'image_weighted_max_square', 'tgt.ratio': 0.2},
    ),
    (
        S + '(phfa|sim).*',
        'PHFA, Sec. IV-B, Table I; iterations of SIM',
        {**FEW_SHOT, 'iterations': 200000},
    ),
    (S + 'phfa.*', 'PHFA, Table I: initial rate', {'optimizer.lr': 1e-4}),
    (
        S + '(phfa(?!-source-only)|sim).*',
        'PHFA, Table I; SIM: discriminator',
        ONE_LEVEL,
    ),
    (
        S + 'phfa(?!-source-only).*',
        'PHFA, Table I: lambda_adv',
        {'adv.loss_weight': 0.01},
    ),
    (
        S + 'phfa',
        'PHFA, Eq. 3, Table I: lambda_class, lambda_obj, w',
        {
            'tgt.criterion': 'image_weighted_max_square',
            'tgt.ratio': 0.2,
            'tgt.loss_weight': 0.003,
            'tgt.auxiliary_loss_weight': 0.0,
            'align.stuff_weight': 0.01,
            'align.thing_weight': 0.01,
            'align.capacities': (50, 50),
            'align.check_class': True,
        },
    ),
    (
        S + r'sim(\+ssl)?',
        'SHI-Labs/Unsupervised-Domain-Adaptation-with-Differential-Treatment: '
        'train_sim.py',
        {
            'adv.loss_weight': 0.001,
            'align.stuff_weight': 0.01,
            'align.thing_weight': 0.01,
            'align.capacities': (50, 500),
            'align.check_class': True,
        },
    ),
    (
        S + r'sim\+ssl',
        'the same, second phase',
        {'align.stuff_weight': 0.001, 'align.thing_weight': 0.001},
    ),
    (
        S + r'(phfa(-aa-it-sg)?|sim\+ssl)',
        'PHFA, Eq. 11: as much as the source',
        {'labelled.loss_weight': 1.0},
    ),
    (
        r'.*\+(uniform-)?(blda|ola|ola-source)',
        'BLDA, Sec. 4.1, Tables 5 to 8, App. D; Woof6/BLDA at 64fbf14',
        BLDA,
    ),
    (r'.*\+(uniform-)?blda', 'BLDA, Sec. 4.1 and Eq. 10', DENSITY),
    (r'.*\+ola-source', 'BLDA, Table 4', {'loss.adjust': 'source'}),
    (r'.*\+posthoc', 'ours', {'posthoc.tau': 0.5}),
    (
        r'.*\+(uniform-|focal-)?gbw.*',
        'GBW, Eq. 11 and Table 5; RobertoAlcoverCouso/GBPCW at 0d35c26',
        GBW,
    ),
    *(
        (rf'.*\+gbw-{scale}', 'GBW, Table 5', {'loss.regularization': scale})
        for scale in (0.01, 0.1, 0.5, 2.0, 10.0)
    ),
    (
        r'.*\+(uniform-)?focal',
        'Focal loss (2017), Sec. 5.1: gamma = 2',
        {'loss': 'SoftmaxFocalLoss', 'loss.focal_gamma': 2.0},
    ),
    *(
        (
            rf'.*\+(focal-)?inverse-{unit}',
            'GBW, Table 4',
            {
                'loss': 'InverseFrequencyLoss',
                'loss.unit': f'{unit}s',
                'loss.focal_gamma': 0.0,
            },
        )
        for unit in ('image', 'pixel')
    ),
    (
        r'.*\+(focal-)?lbw',
        'GBW, Table 4; the momentum is ours',
        {'loss': 'LBWLoss', 'loss.momentum': 0.9, 'loss.focal_gamma': 0.0},
    ),
    (
        r'.*\+focal-(gbw|lbw|inverse-.*)',
        'Focal loss (2017), Sec. 5.1: gamma = 2',
        {'loss.focal_gamma': 2.0},
    ),
    (
        r'.*\+uniform-class-balanced',
        'Class-balanced loss (2019): beta = 0.9999; the unit is ours',
        {
            'loss': 'ClassBalancedLoss',
            'loss.beta': 0.9999,
            'loss.unit': 'images',
            'loss.focal_gamma': 0.0,
        },
    ),
    (
        r'.*\+uniform-logit-adjustment',
        'Logit adjustment (2020), Eq. 10: tau = 1',
        {'loss': 'LogitAdjustmentLoss', 'loss.tau': 1.0},
    ),
    (
        r'.*\+uniform.*',
        'BLDA, Table 17; GBW, Table 4: without rare class sampling',
        {
            'rcs': False,
            **{key: ... for key in SAMPLING if key != 'rcs'},
            'rcs.min_crop_ratio': ...,
        },
    ),
]


def published(row):
    """Value and source of each hyper-parameter of a row."""
    merged = {}
    for rows, source, values in PARTS:
        if re.fullmatch(rows, row):
            for key, value in values.items():
                merged[key] = (value, source)
    # a later part may take away what an earlier one has
    return {key: v for key, v in merged.items() if v[0] is not ...}
