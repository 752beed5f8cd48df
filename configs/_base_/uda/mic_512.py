# MIC on top of another config of self-training, crops of 512 x 512.
_base_ = './mic.py'
# half of that of HRDA, at half the resolution
uda_model = dict(masked_consistency=dict(block_size=32))
