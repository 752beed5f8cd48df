# Generators of nine residual blocks and 70 x 70 PatchGAN discriminators, as
# https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix trains them. The
# perceptual loss takes a network: segmentation=dict(config=, checkpoint=).
model = dict(
    type='CycleGAN',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[127.5, 127.5, 127.5],
        std=[127.5, 127.5, 127.5],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
        size=(512, 512),
    ),
    generator=dict(type='ResnetGenerator', num_blocks=9, base_channels=64),
    discriminator=dict(
        type='PatchDiscriminator', base_channels=64, num_layers=3
    ),
    lambda_cycle=10.0,
    lambda_identity=0.5,
    # of BDL, where there is a segmentation network
    lambda_ppl=0.1,
    lambda_ppl_recon=10.0,
    pool_size=50,
)
