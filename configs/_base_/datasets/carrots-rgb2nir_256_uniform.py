# Without rare class sampling, as all methods before DAFormer.
_base_ = './carrots-rgb2nir_256.py'
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
