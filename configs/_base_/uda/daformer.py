# DAFormer on Cityscapes.
_base_ = './self_training.py'
uda_model = dict(
    type='DAFormer',
    # traffic light, traffic sign, and all from person on
    feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
    # bonnet and artifacts of rectification
    ignore_top=15,
    ignore_bottom=120,
)
