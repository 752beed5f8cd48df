# Toy streets with segments, made by mmseg-balance data toy-streets.
__toy = dict(
    type='CityscapesPanopticDataset',
    data_root='data/toy_streets/toy_cityscapes',
)
pair_train = dict(
    source=dict(
        type='SYNTHIAPanopticDataset',
        data_root='data/toy_streets/toy_gta',
        ann_file='panoptic.json',
        data_prefix=dict(img_path='images', seg_map_path='panoptic'),
    ),
    target=dict(__toy, data_prefix=dict(img_path='leftImg8bit/train')),
)
pair_val = dict(
    __toy,
    ann_file='gtFine_panoptic/cityscapes_panoptic_val_trainId.json',
    data_prefix=dict(
        img_path='leftImg8bit/val', seg_map_path='gtFine_panoptic/val'
    ),
)
