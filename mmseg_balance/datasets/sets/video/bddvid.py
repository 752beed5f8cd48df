"""BDDVid: the images of BDD10k with the frames around them."""

from collections.abc import Sequence

from mmseg.registry import DATASETS
from PIL import Image

from ....errors import UserValueError
from ...files.folders import is_local
from .frame_sequences import FrameSequences
from .frames import Frame
from .shared_classes import SharedClasses

ANNOTATED = 307
"""The frame of a clip that is nearest to the annotated image, from 0."""
NUM_LOOKED_AT = 8


@DATASETS.register_module()
class BDDVidDataset(FrameSequences, SharedClasses):
    """BDDVid (Kareer et al.), in the 15 classes shared with VIPER.

    Of the images of BDD10k 2,999 for training and 430 for validation have
    their clip in BDD100k, both of BDD10k's train split; UVDA's lists
    ``valid_imgs_{train,val}.txt`` name them (``ann_file``). Frames 303 to 311
    of each clip are ``train/images/ID_FRAME.jpg``, labels (Cityscapes' train
    ids) ``train/labels/ID_307.png``. Frame 307 of the clip is not exactly the
    annotated image: for validation it is BDD10k's own
    (``val_orig_10k``). ``mmseg-balance data bddvid`` writes all of it.

    Args:
        only: Number of the frames that are images; None: all.
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What takes its place in the names of labels.
        **kwargs: See :class:`FrameSequences` and :class:`SharedClasses`.

    Raises:
        ValueError: Images are higher than wide, as UVDA's extraction leaves
            them with some builds of OpenCV.

    Example:
        >>> dict(type='BDDVidDataset', data_root='data/bddvid',
        ...      data_prefix=dict(img_path='val_orig_10k/images',
        ...                       seg_map_path='val_orig_10k/labels'))
    """

    PREPARATION = (
        'Download clips of BDD100K and images and labels of BDD10K from '
        'http://bdd-data.berkeley.edu, and the lists valid_imgs_train.txt and '
        'valid_imgs_val.txt of https://github.com/SimarKareer/UnifiedVideoDA, '
        'then: mmseg-balance data bddvid {data_root} --help'
    )

    def __init__(
        self,
        only: int | None = ANNOTATED,
        img_suffix: str | Sequence[str] = '.jpg',
        seg_map_suffix: str = '.png',
        **kwargs,
    ) -> None:
        self.only = only
        self.WANTED = f'expected frame {only} of each clip (only={only})'
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )

    def is_listed(self, frame: Frame) -> bool:
        """Whether a frame is the one with labels."""
        return self.only is None or frame.number == self.only

    def load_data_list(self) -> list[dict]:
        """List the images, and look at the size of some.

        Returns:
            An entry for each image.
        """
        infos = super().load_data_list()
        if is_local(self):
            step = max(len(infos) // NUM_LOOKED_AT, 1)
            for info in infos[::step]:
                _check_wide(info['img_path'])
        return infos


def _check_wide(path: str) -> None:
    """Refuse an image that lies on its side."""
    try:
        with Image.open(path) as image:
            width, height = image.size
    except (OSError, SyntaxError):
        return  # who reads it says what is wrong
    if height > width:
        raise UserValueError(
            f'{path}: {width} x {height} pixels, expected images that are '
            'wider than high (1280 x 720): it was turned while it was taken '
            'from its clip; extract the frames anew with mmseg-balance data '
            'bddvid'
        )
