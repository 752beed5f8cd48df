# The smallest MiT: what differs from the backbone of DAFormer.
mit_b0 = dict(
    embed_dims=32,
    num_layers=[2, 2, 2, 2],
    init_cfg=dict(
        checkpoint='https://download.openmmlab.com/mmsegmentation/'
        'v0.5/pretrain/segformer/mit_b0_20220624-7e0fe6dd.pth'
    ),
)
