# Logits adjusted on source images alone (OLA_S of Table 4).
_base_ = ['./dacs_ola_lite0_500_toy2toy-128x128.py']
model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(adjust='source')))
)
