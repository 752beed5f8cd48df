# VFM-UDA++ (ICCV workshops 2025): the rate falls by 0.9 from block to block,
# towards the input. (As in BEiT the last block has the first factor; the code
# of VFM-UDA, whose own factor is 1, counts from the block before it.)
_base_ = './adamw_40k_vit.py'
optim_wrapper = dict(
    constructor='LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.9),
)
