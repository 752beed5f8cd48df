# SYNTHIA -> Cityscapes with segments, as mmseg-balance data has them. Labels
# of the target are not read: its images are all those of the folder.
_base_ = './pair_synthia2cityscapes.py'
pair_source = dict(
    _delete_=True,
    type='SYNTHIAPanopticDataset',
    data_root='data/synthia',
    ann_file='GT/panoptic.json',
    data_prefix=dict(img_path='RGB', seg_map_path='GT/panoptic'),
)
pair_target = dict(
    type='CityscapesPanopticDataset',
    data_root='data/cityscapes',
    data_prefix=dict(img_path='leftImg8bit/train'),
)
pair_val = dict(
    type='CityscapesPanopticDataset',
    data_root='data/cityscapes',
    ann_file='gtFine_panoptic/cityscapes_panoptic_val_trainId.json',
    data_prefix=dict(
        img_path='leftImg8bit/val', seg_map_path='gtFine_panoptic/val'
    ),
)
