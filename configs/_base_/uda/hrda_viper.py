# HRDA in the 15 classes of VIPER.
_base_ = './self_training.py'
uda_model = dict(
    type='HRDA',
    # traffic light, traffic sign, person, and all from car on
    feature_distance=dict(classes=[4, 5, 9, 10, 11, 12, 13, 14]),
)
