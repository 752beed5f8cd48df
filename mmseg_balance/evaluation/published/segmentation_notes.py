"""How far recipes of segmentation are those of the published numbers.

What the notes say of public code was read in vikolss/DACS at e6cb522,
valeoai/ADVENT at 7d6f78d, wasidennis/AdaptSegNet at 351fef3, lhoyer/DAFormer
at 438603d, lhoyer/HRDA at 09af319, lhoyer/MIC at 2d67327, Woof6/BLDA at
64fbf14 and susaha/edaps at 9fbc286.
"""

from .note import Note

NOTES = (
    Note(
        r'(gta|synthia)/dacs(-250k)?(\+gbw)?',
        'other',
        'the published number is of the recipe of DACS itself (SGD, 250k '
        'iterations, COCO weights, jitter 0.25, no flips, best snapshot on '
        'the validation set): see */dacs-original',
    ),
    Note(
        r'(gta|synthia)/dacs(\+.*)?',
        'close',
        'AdamW, 40k iterations and ImageNet weights, as Sec. 4.1 of BLDA has '
        'for all methods; its Table 13 has 250k iterations for DACS',
    ),
    Note(
        r'gta/dacs-250k(\+blda)?',
        'close',
        'SGD and 250k iterations (BLDA, Table 13, which does not name the '
        'optimizer), but ImageNet weights, jitter 0.2, flips, last snapshot',
    ),
    Note(
        r'(gta|synthia)/dacs-original(\+gbw)?',
        'close',
        'settings of configUDA.json of DACS; but classes to mix are drawn '
        'from the batch, not from each image, the pooling rounds down, '
        'scores are at the size of the labels (there at 1024 x 512), and of '
        'the last snapshot (there the best of 50; --best)',
    ),
    Note(
        r'synthia/dacs-original(\+gbw)?',
        'close',
        'the public code of DACS trains on GTA alone; SYNTHIA is loaded as '
        'GTA is there',
    ),
    Note(
        r'(gta|synthia)/(adaptsegnet|advent)(\+gbw)?',
        'other',
        'crops of two images an iteration (there one whole image of 1280 x '
        '720 and one of 1024 x 512), ImageNet weights of another ResNet-101, '
        'trained batch norm weights',
    ),
    Note(
        r'(gta|synthia)/advent(\+gbw)?',
        'other',
        'ADVENT reports the best of 60 snapshots on the validation set, here '
        'it is the last (--best); its logits are resized with align_corners, '
        'here without',
    ),
    Note(
        r'synthia/advent(\+gbw)?',
        'other',
        "38.1 and 41.2 may be the numbers of ADVENT's paper for MinEnt and "
        'for AdvEnt with MinEnt, not for AdvEnt',
    ),
    Note(
        r'(gta|synthia)/(daformer|cdac).*',
        'close',
        'settings of the public config; but target crops are drawn anywhere '
        "(there by the target's labels too, cat_max_ratio 0.75)",
    ),
    Note(
        r'gta/daformer-c(\+blda)?',
        'close',
        'ResNet-101 with DeepLabV2; the number is of runs by the authors of '
        'BLDA, whose config is not released',
    ),
    Note(
        r'gta/cdac(\+blda)?',
        'close',
        'the number is of runs by the authors of BLDA; their config is not '
        'released',
    ),
    Note(
        r'(gta|synthia)/(phfa.*|sim.*)',
        'other',
        'PHFA names neither its 30 target images nor iterations and seeds; '
        'crops of two images an iteration (there one whole image of 1280 x '
        '720 and one of 1024 x 512), ImageNet weights of another ResNet-101, '
        'trained batch norm weights',
    ),
    Note(
        r'(gta|synthia)/phfa(-aa-it.*)?',
        'other',
        'the translator, trained before by cyclegan_ppl_resnet9_200k_few_*, '
        'has settings that PHFA does not give',
    ),
    Note(
        r'(gta|synthia)/phfa(-aa-it-sg)?',
        'other',
        'several sources are in no row of the ablation, nor are they here: '
        'phfa_aa-hfa-sg_r101_200k_synthia-gta2cityscapes-512x512.py has them',
    ),
    Note(
        r'(gta|synthia)/phfa-aa-it-sg',
        'other',
        'Tables 2 and 3 call it BDL, whose translator and labels are trained '
        'in turns, twice; here once each',
    ),
    Note(
        r'(gta|synthia)/(hrda|mic)(\+.*)?',
        'published',
        'settings of gtaHR2csHR_hrda.py and gtaHR2csHR_mic_hrda.py',
    ),
    Note(
        r'.*\+(uniform-)?(blda|ola|ola-source)',
        'close',
        'as the text of BLDA has it: N_min 100, L2 with lambda 0.2; its '
        'released config has min_pixels 500 and a weight of 0',
    ),
    Note(
        r'.*\+posthoc',
        'close',
        'Table 4 of BLDA does not say tau; here 0.5',
    ),
    Note(
        r'.*\+(uniform-|focal-)?(gbw|lbw|inverse-.*|focal.*)(-[\d.]+)?',
        'close',
        'the GBW paper does not name seeds or snapshot; weights as in its '
        "released code (mode='released')",
    ),
    Note(
        r'synthia/edaps(\+.*|-source-only|-oracle)?',
        'close',
        'settings of the public config of EDAPS (susaha/edaps at 9fbc286); '
        'three of its faults are on: one image without instances takes the '
        'instance losses from its batch, stuff under a mask is void, and '
        'void is scored as road. Means are over the 16 classes, where it '
        'multiplies those over 19 by 19/16',
    ),
    Note(
        r'synthia/edaps\+gbw',
        'close',
        'the GBW paper does not say which losses it weighs: here the cross '
        'entropy of classes of pixels, not that of boxes',
    ),
    Note(
        r'synthia/edaps(\+blda|-source-only|-oracle)',
        'other',
        'no paper here has this row',
    ),
    Note(
        r'gta/daformer\+uniform(-(focal|class-balanced|logit-adjustment))?',
        'close',
        'without rare class sampling; Table 17 of BLDA does not name the '
        'settings of the methods that it compares',
    ),
)
