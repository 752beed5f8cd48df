# Streets of Cambridge -> of Hyderabad and Bengaluru. Two folders with labels
# of class numbers need no class of their own.
__data = dict(
    type='FolderDataset',
    data_root='data/camvid2iddlite',
    img_suffix='.jpg',
    seg_map_suffix='.png',
    metainfo=dict(
        classes=(
            'drivable',
            'non-drivable',
            'living things',
            'vehicles',
            'roadside objects',
            'far objects',
            'sky',
        )
    ),
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
