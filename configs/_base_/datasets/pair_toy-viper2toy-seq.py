# Toy streets that move: made by mmseg-balance data toy-sequences in the
# layouts of VIPER and Cityscapes-Seq. Every frame is an image.
_base_ = './pair_viper2cityscapes-seq.py'
pair_train = dict(
    source=dict(
        data_root='data/toy_sequences/toy_viper', every=1, img_suffix='.png'
    ),
    target=dict(
        data_root='data/toy_sequences/toy_cityscapes_seq',
        data_prefix=dict(img_path='leftImg8bit_sequence/train'),
    ),
)
pair_val = dict(
    data_root='data/toy_sequences/toy_cityscapes_seq',
    data_prefix=dict(img_path='leftImg8bit_sequence/val'),
)
