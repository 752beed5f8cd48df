# For the rows of PHFA: of their 30 target images, and with the perceptual loss
# through the network of row 2, which is trained first.
_base_ = './cyclegan_ppl_resnet9_200k_gta2cityscapes-512x512.py'
__name = 'phfa_aa_r101_200k_gta2cityscapes-512x512'
model = dict(
    segmentation=dict(
        config=f'phfa/{__name}.py',
        checkpoint=f'work_dirs/{__name}/iter_200000.pth',
    )
)
train_dataloader = dict(dataset=dict(few_shot=30))
