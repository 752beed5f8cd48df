# HRDA on the classes of Cityscapes; the pipelines mark margins to ignore.
_base_ = './self_training.py'
uda_model = dict(
    type='HRDA',
    # traffic light, traffic sign, and all from person on
    feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
)
