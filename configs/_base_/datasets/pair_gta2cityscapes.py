# GTA -> Cityscapes: where they are, and the groups of classes.
pair_train = dict(
    source=dict(
        type='GTADataset',
        data_root='data/gta',
        data_prefix=dict(img_path='images', seg_map_path='labels'),
    ),
    target=dict(
        type='CityscapesDataset',
        data_root='data/cityscapes',
        data_prefix=dict(img_path='leftImg8bit/train'),
    ),
)
pair_val = dict(
    type='CityscapesDataset',
    data_root='data/cityscapes',
    data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'),
)
pair_evaluator = dict(
    # BLDA, Table 18
    over_predicted=[
        'road',
        'building',
        'vegetation',
        'sky',
        'person',
        'car',
        'truck',
        'bus',
        'train',
    ],
)
