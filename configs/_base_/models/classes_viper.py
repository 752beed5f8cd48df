# On top of a network: the 15 classes of VIPER that Cityscapes and BDD have.
classes_model = dict(segmentor=dict(decode_head=dict(num_classes=15)))
