# With the perceptual loss (PHFA, Eq. 7; BDL) through AdaptSegNet, which is
# trained first.
_base_ = './cyclegan_resnet6-16_300_toy2toy-128x128.py'
__name = 'adaptsegnet_lite0_300_toy2toy-192x192'
model = dict(
    segmentation=dict(
        config=f'adaptsegnet/{__name}.py',
        checkpoint=f'work_dirs/{__name}/iter_300.pth',
    ),
    # of BDL's 10 little more than noise comes in so few iterations
    lambda_ppl_recon=1.0,
)
