# A quarter of the channels of MiT-B5 and two blocks a stage, with a small
# head of DAFormer, for a CPU. There are no pretrained weights: it starts at
# random, and is for trying methods that need a transformer, not for results.
_base_ = './daformer_mit-b5.py'
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=(192, 192)),
        backbone=dict(embed_dims=16, num_layers=[2, 2, 2, 2], init_cfg=None),
        decode_head=dict(
            in_channels=[16, 32, 80, 128],
            channels=64,
            decoder_params=dict(embed_dims=64),
        ),
    )
)
