# The same, of which low-rank updates of the attention are trained.
_base_ = './vit-tiny.py'
vit = dict(adapter=dict(type='LoRA', rank=4, alpha=4))
