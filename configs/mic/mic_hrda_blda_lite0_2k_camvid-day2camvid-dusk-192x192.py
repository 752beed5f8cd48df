_base_ = [
    '../hrda/hrda_blda_lite0_2k_camvid-day2camvid-dusk-192x192.py',
    '../_base_/uda/mic_lite0.py',
]
model = _base_.pop('uda_model')
