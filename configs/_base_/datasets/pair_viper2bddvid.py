# VIPER -> BDDVid: validation takes the annotated images of BDD10k.
_base_ = './pair_viper2cityscapes-seq.py'
pair_train = dict(
    target=dict(
        type='BDDVidDataset',
        data_root='data/bddvid',
        data_prefix=dict(img_path='train/images'),
    )
)
pair_val = dict(
    type='BDDVidDataset',
    data_root='data/bddvid',
    data_prefix=dict(
        img_path='val_orig_10k/images', seg_map_path='val_orig_10k/labels'
    ),
)
