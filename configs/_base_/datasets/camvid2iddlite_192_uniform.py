# Without rare class sampling, as all methods before DAFormer.
_base_ = './camvid2iddlite_192.py'
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
