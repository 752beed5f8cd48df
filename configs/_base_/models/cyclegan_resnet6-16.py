# For a CPU: six residual blocks, a quarter of the channels, scores of patches
# of 34 x 34, crops of 128 x 128.
_base_ = './cyclegan_resnet9.py'
model = dict(
    data_preprocessor=dict(size=(128, 128)),
    generator=dict(num_blocks=6, base_channels=16),
    discriminator=dict(base_channels=16, num_layers=2),
)
