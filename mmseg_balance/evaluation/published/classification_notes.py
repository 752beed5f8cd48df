"""What sets the recipes of classification apart from the published ones.

What the notes say of public code was read in lhoyer/MIC at 2f932a9 (folder
cls/), val-iisc/SDAT at 33d7429 and thuml/Transfer-Learning-Library at c4aa59e.
"""

from .note import Note

NOTES = (
    Note(
        r'visda/.*',
        'close',
        'the public code tests the best of its 30 epochs by the accuracy over '
        'all images, on labels of the target set; it does not say which of '
        'both these numbers are of. Here it is the last snapshot (--best), '
        'and the best validation is printed beside it',
    ),
    Note(
        r'visda/mcc',
        'close',
        'no public script has this row with ResNet-101 and this schedule: '
        'the schedule, the learning rate and the temperature are those of '
        'SDAT and MIC, by SGD',
    ),
    Note(
        r'visda/(sdat|mic)',
        'close',
        'settings of the public scripts (seed 2 there): 30 epochs of 1000 '
        'iterations, 32 images of each domain, rho 0.02, centre crops, '
        'temperature 3',
    ),
    Note(
        r'visda/mic\+blda',
        'close',
        'no code of it is public, and Appendix G of BLDA says only MIC, '
        'ResNet-101 and VisDA-2017: tau, lambda, K and momentum are those of '
        'segmentation, and samples of a class are collected over iterations '
        'until there are N_min',
    ),
)
