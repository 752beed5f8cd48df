"""What sets the recipes of video rows apart from the published ones.

What the notes say of public code was read in SimarKareer/UnifiedVideoDA at
216e0bc (UVDA).
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
)
