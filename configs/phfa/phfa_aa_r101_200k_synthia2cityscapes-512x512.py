# Row 2 of Table IV of PHFA: adversarial adaptation (AdaptSegNet).
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/synthia2cityscapes_few.py',
    '../_base_/schedules/sgd_200k_phfa_adversarial.py',
    '../_base_/uda/phfa.py',
    '../_base_/default_runtime.py',
]
model = dict(_base_.pop('uda_model'), feature_alignment=None, max_square=None)
