# CamVid, day sequences -> dusk sequence.
pair_train = dict(
    source=dict(
        type='CamVidDataset',
        data_root='data/camvid/day',
        data_prefix=dict(img_path='images/train', seg_map_path='labels/train'),
    ),
    target=dict(
        type='CamVidDataset',
        data_root='data/camvid/dusk',
        data_prefix=dict(img_path='images/train'),
    ),
)
pair_val = dict(
    type='CamVidDataset',
    data_root='data/camvid/dusk',
    data_prefix=dict(img_path='images/val', seg_map_path='labels/val'),
)
