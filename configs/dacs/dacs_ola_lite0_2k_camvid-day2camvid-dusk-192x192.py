# BLDA without density estimation: online logits adjustment alone (Table 4).
_base_ = ['./dacs_blda_lite0_2k_camvid-day2camvid-dusk-192x192.py']
model = dict(density_estimation=None)
