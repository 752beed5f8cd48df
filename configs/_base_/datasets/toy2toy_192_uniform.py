# Without rare class sampling, as all methods before DAFormer.
_base_ = './toy2toy_192.py'
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
