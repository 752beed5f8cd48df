# Row 3 of Table IV of PHFA: and image transfer, source images that a CycleGAN
# with the perceptual loss translated; `reproduce` trains it before.
_base_ = './phfa_aa_r101_200k_synthia2cityscapes-512x512.py'
translation = dict(
    translator='cyclegan/'
    'cyclegan_ppl_resnet9_200k_few_synthia2cityscapes-512x512.py'
)
train_dataloader = dict(
    dataset=dict(source=dict(translated_root='data/synthia_translated'))
)
