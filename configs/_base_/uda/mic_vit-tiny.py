# MIC of a small transformer on small crops, without feature distance.
_base_ = ['./self_training.py', './mic_512.py']
uda_model = dict(feature_distance=None)
