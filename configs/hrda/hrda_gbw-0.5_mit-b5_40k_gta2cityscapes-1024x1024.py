_base_ = ['./hrda_gbw_mit-b5_40k_gta2cityscapes-1024x1024.py']
model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(regularization=0.5)))
)
