# Logits adjusted on source images alone (OLA_S of Table 4).
_base_ = ['./dacs_ola_lite0_2k_camvid-day2camvid-dusk-192x192.py']
model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(adjust='source')))
)
