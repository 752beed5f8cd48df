# BLDA without density estimation: online logits adjustment alone (Table 4).
_base_ = ['./dacs_blda_lite0_500_camvid-day2camvid-dusk-256x256.py']
model = dict(density_estimation=None)
