# BLDA without density estimation: online logits adjustment alone (Table 4).
_base_ = ['./daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py']
model = dict(density_estimation=None)
