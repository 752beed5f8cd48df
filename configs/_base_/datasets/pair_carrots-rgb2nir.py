# Carrot fields, photos of a phone -> near infrared of a field robot.
__data = dict(
    type='FolderDataset',
    data_root='data/carrots_rgb2nir',
    img_suffix='.jpg',
    seg_map_suffix='.png',
    metainfo=dict(classes=('soil', 'crop', 'weed')),
)
pair_train = dict(
    source=dict(
        **__data,
        data_prefix=dict(
            img_path='source/images/train',
            seg_map_path='source/labels/train',
        ),
    ),
    target=dict(**__data, data_prefix=dict(img_path='target/images/train')),
)
pair_val = dict(
    **__data,
    data_prefix=dict(
        img_path='target/images/val', seg_map_path='target/labels/val'
    ),
)
