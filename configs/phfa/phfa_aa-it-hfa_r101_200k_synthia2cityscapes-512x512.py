# PHFA before self-guidance: the first stage of row 5 of Table IV.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/synthia2cityscapes_few.py',
    '../_base_/schedules/sgd_200k_phfa_adversarial.py',
    '../_base_/uda/phfa.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
translation = dict(
    translator='cyclegan/'
    'cyclegan_ppl_resnet9_200k_few_synthia2cityscapes-512x512.py'
)
train_dataloader = dict(
    dataset=dict(source=dict(translated_root='data/synthia_translated'))
)
