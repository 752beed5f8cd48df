# DINOv2 with registers, of four small blocks, for a CPU. There are no weights
# of it: it starts at random, and is for trying configs, not for results.
vit = dict(
    type='TimmViTPyramid',
    model_name='vit_small_patch14_reg4_dinov2',
    patch_size=16,
    img_size=192,
    embed_dim=96,
    depth=4,
    num_heads=3,
    out_indices=(0, 1, 2, 3),
    out_channels=64,
    drop_path_rate=0.1,
)
