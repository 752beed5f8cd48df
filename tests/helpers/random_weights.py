"""Checkpoints of networks that were not trained, with all their classes."""

import cv2
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

CLASSES = ('sky', 'road', 'car')
PALETTE = [[70, 130, 180], [128, 64, 128], [0, 0, 142]]
META = dict(dataset_meta=dict(classes=CLASSES, palette=PALETTE))


def random_checkpoint(config, images, path):
    """Weights of which all classes come out somewhere."""
    init_default_scope('mmseg')
    torch.manual_seed(1)
    model = MODELS.build(Config.fromfile(config).model).eval()
    image = cv2.imread(str(next(images.glob('*.png'))))
    data = dict(inputs=[torch.from_numpy(image.transpose(2, 0, 1))])
    for name in ('student', 'teacher'):
        part = getattr(model, name, model)
        for value in part.state_dict().values():
            if value.is_floating_point():
                value.normal_(0, 0.5).abs_()
        head = part.decode_head.conv_seg
        head.weight.data.normal_(0, 1)
        with torch.no_grad():
            logits = part.test_step(data)[0].seg_logits.data
        head.bias.data -= logits.mean((1, 2))
    torch.save(dict(state_dict=model.state_dict(), meta=META), path)
    return path
