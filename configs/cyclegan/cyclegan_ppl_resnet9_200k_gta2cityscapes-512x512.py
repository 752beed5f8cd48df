# With the perceptual loss (PHFA, Eq. 7; BDL) through AdaptSegNet, which is
# trained first.
_base_ = './cyclegan_resnet9_200k_gta2cityscapes-512x512.py'
__name = 'adaptsegnet_r101_150k_gta2cityscapes-512x512'
model = dict(
    segmentation=dict(
        config=f'adaptsegnet/{__name}.py',
        checkpoint=f'work_dirs/{__name}/iter_150000.pth',
    )
)
