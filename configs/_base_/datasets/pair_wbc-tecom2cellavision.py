# White blood cells, another stain and camera.
__data = dict(
    type='FolderDataset',
    data_root='data/wbc_tecom2cellavision',
    img_suffix='.jpg',
    seg_map_suffix='.png',
    metainfo=dict(classes=('background', 'cytoplasm', 'nucleus')),
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
