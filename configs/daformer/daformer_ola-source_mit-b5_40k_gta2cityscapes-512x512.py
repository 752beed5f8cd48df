# Logits adjusted on source images alone (OLA_S of Table 4).
_base_ = ['./daformer_ola_mit-b5_40k_gta2cityscapes-512x512.py']
model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(adjust='source')))
)
