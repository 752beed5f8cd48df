# Focal loss over the softmax.
balance_model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(type='SoftmaxFocalLoss')))
)
balance_hooks = []
