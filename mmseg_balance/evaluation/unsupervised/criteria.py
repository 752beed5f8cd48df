"""The criteria by which tau can be chosen without labels."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Criterion:
    """What is known of a tau without labels.

    Attributes:
        heading: Of its column in tables.
        meaning: What it is, with its unit.
        more_is_better: Which end chooses.
        digits: Behind the point.
        view: What has to predict beside the model: 'flip' for the mirrored
            image, 'part' for the other one of student and teacher, '' for
            nothing.
        chooses: Whether it may choose. One that is 0 at tau = 0 whatever the
            model would choose that.
    """

    heading: str
    meaning: str
    more_is_better: bool
    digits: int = 2
    view: str = ''
    chooses: bool = True


CRITERIA = dict(
    snd=Criterion(
        'SND',
        'soft neighbourhood density (Saito et al., ICCV 2021), nats',
        more_is_better=True,
        digits=4,
    ),
    im=Criterion(
        'IM',
        'information maximisation, mean entropy less entropy of the mean, '
        'nats',
        more_is_better=False,
        digits=4,
    ),
    entropy=Criterion(
        'entropy',
        'mean entropy of a pixel, nats',
        more_is_better=False,
        digits=4,
    ),
    flip_agreement=Criterion(
        'flip',
        'pixels that the mirrored image gives the same class, percent',
        more_is_better=True,
        view='flip',
    ),
    flip_iou=Criterion(
        'flip IoU',
        'the same as mean IoU, percent',
        more_is_better=True,
        view='flip',
    ),
    teacher_agreement=Criterion(
        'teacher',
        'pixels that student and teacher, both at tau, give the same class, '
        'percent',
        more_is_better=True,
        view='part',
    ),
    teacher_iou=Criterion(
        'teacher IoU',
        'the same as mean IoU, percent',
        more_is_better=True,
        view='part',
    ),
    teacher_shares=Criterion(
        'teacher shares',
        'distance of the predicted shares of classes from those of the '
        'teacher as it is, points',
        more_is_better=False,
        view='part',
    ),
    share_shift=Criterion(
        'shift',
        'distance of the predicted shares of classes from those at tau = 0, '
        'points',
        more_is_better=False,
        chooses=False,
    ),
    mixture_bias=Criterion(
        'bias',
        'mean absolute bias by Eq. 5, from the mixtures alone, points',
        more_is_better=False,
        digits=3,
    ),
)
