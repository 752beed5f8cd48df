# PHFA for a CPU. Discriminators as large as the published ones would take most
# of the step of a small network.
_base_ = './phfa.py'
uda_model = dict(adversarial=dict(discriminator=dict(base_channels=16)))
