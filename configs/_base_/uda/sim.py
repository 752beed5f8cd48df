# SIM with the classes of Cityscapes, https://github.com/SHI-Labs/
# Unsupervised-Domain-Adaptation-with-Differential-Treatment.
_base_ = './phfa.py'
uda_model = dict(type='SIM')
