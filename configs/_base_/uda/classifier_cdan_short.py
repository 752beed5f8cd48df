# CDAN in runs of 500 iterations: gradients are reversed by as much of them
# as after as large a part of 30,000.
_base_ = './classifier_cdan.py'
uda_model = dict(cdan=dict(hidden=256, max_iters=17))
