# SYNTHIA in place of GTA; heads have 19 outputs, three without source pixels.
pair_source = dict(
    type='SYNTHIADataset',
    data_root='data/synthia',
    data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
)
# classes that SYNTHIA has; the 13 leave wall, fence and pole out
__synthia16 = [
    'road',
    'sidewalk',
    'building',
    'wall',
    'fence',
    'pole',
    'traffic light',
    'traffic sign',
    'vegetation',
    'sky',
    'person',
    'rider',
    'car',
    'bus',
    'motorcycle',
    'bicycle',
]
__synthia13 = [c for c in __synthia16 if c not in ('wall', 'fence', 'pole')]
pair_evaluator = dict(
    # mIoU and its like, and both groups, are of the classes of the source
    headline='synthia16',
    subsets=dict(synthia16=__synthia16, synthia13=__synthia13),
)
