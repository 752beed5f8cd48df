"""What sets the recipes of video rows apart from the published ones.

What the notes say of public code was read in SimarKareer/UnifiedVideoDA at
216e0bc (UVDA) and xing0047/TPS at 12e09b4.
"""

from .note import Note

NOTES = (
    Note(
        r'viper2\S+/(mic|hrda)(\+blda)?',
        'close',
        'settings of UVDA for MIC and HRDA with DeepLabV2 (AdamW); the '
        'numbers are of runs by the authors of BLDA, whose configs are not '
        'released. 15 outputs (there 19, of which wall, pole and rider are '
        'never in the source), vans are ignored (there trains, by a fault in '
        'reading), '
        'detail crops are multiples of 16',
    ),
    Note(
        r'viper2bddvid/hrda(\+blda)?',
        'close',
        'detail crops of 352 (there 360, cut to whole cells of 16 pixels)',
    ),
    Note(
        r'viper2cityscapes-seq/tps',
        'other',
        "the number is that of the authors' README, of the best of snapshots "
        'every 100 iterations by the labels of the val set; here it is the '
        'last. Flow is by DIS unless files of FlowNet2 are named, and counts '
        'where the flow back agrees; the earlier frame is labelled without '
        'the one before it; the ego car of the source is a class unless data '
        'viper is told to ignore it',
    ),
    Note(
        r'viper2cityscapes-seq/tps',
        'other',
        'the public code hands images less their mean to a transform of 8 '
        'bits, in which colours wrap around, and mirrors flow without turning '
        'it; neither is so here',
    ),
    Note(
        r'viper2cityscapes-seq/tps\+blda',
        'other',
        'TPS as above, with BLDA: no paper has it. It stands in the place of '
        'PAT + BLDA, which cannot be built',
    ),
)
