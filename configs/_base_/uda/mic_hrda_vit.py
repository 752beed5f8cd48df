# MIC on HRDA without its feature distance; the pipelines mark margins.
_base_ = ['./self_training.py', './mic.py']
uda_model = dict(feature_distance=None, alpha=0.999)
