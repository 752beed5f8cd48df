# PHFA on SYNTHIA, then GTA: the first stage, of images as they are. With
# translated_root in each source it has those of a translator.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/synthia-gta2cityscapes_few.py',
    '../_base_/schedules/sgd_200k_phfa_adversarial.py',
    '../_base_/uda/phfa.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
