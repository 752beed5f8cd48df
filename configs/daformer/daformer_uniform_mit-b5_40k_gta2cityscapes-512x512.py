# Without rare class sampling.
_base_ = ['./daformer_mit-b5_40k_gta2cityscapes-512x512.py']
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
