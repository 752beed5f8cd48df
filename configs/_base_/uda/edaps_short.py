# EDAPS in a short run: an average of 0.999 would be over all of it.
_base_ = './self_training.py'
uda_model = dict(
    type='EDAPS',
    alpha=0.99,
    # traffic light, traffic sign, and all from person on
    feature_distance=dict(classes=[6, 7, 11, 12, 13, 14, 15, 16, 17, 18]),
)
