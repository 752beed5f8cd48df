_base_ = [
    './hrda_mit-b5_40k_viper2bddvid-720x720.py',
    '../_base_/uda/mic.py',
]
model = _base_.pop('uda_model')
