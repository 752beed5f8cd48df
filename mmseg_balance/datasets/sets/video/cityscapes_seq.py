"""Cityscapes' images with the frames around them."""

import os.path as osp
from collections import defaultdict
from collections.abc import Sequence

from mmseg.registry import DATASETS

from ....errors import UserValueError
from ...files.folders import is_local, is_there
from .frame_sequences import FrameSequences
from .shared_classes import SharedClasses


@DATASETS.register_module()
class CityscapesSeqDataset(FrameSequences, SharedClasses):
    """Cityscapes-Seq, in the 15 classes shared with VIPER.

    The annotated image is the 20th of the 30 frames of a snippet, and the
    same file in ``leftImg8bit`` and ``leftImg8bit_sequence``: methods on
    single images need the first alone. Its number is 000019 in 1,877 of the
    2,975 names of the train split only, as some cities count on; so it is
    the number in the name that counts. Frames before it lie in
    ``data_prefix.prev_img_path``.

    Where ``data_prefix.img_path`` is a folder of all frames, the images are
    those with a label, one of each snippet; a training without labels takes
    ``leftImg8bit``, or a list of them (``ann_file``) that ``mmseg-balance
    data cityscapes-seq`` writes. Labels are Cityscapes' train ids.

    Args:
        img_suffix: What the names of images end with: one suffix or several.
        seg_map_suffix: What takes its place in the names of labels.
        **kwargs: See :class:`FrameSequences` and :class:`SharedClasses`.

    Example:
        >>> dict(type='CityscapesSeqDataset', data_root='data/cityscapes',
        ...      previous=1, data_prefix=dict(
        ...          img_path='leftImg8bit/train',
        ...          prev_img_path='leftImg8bit_sequence/train'))
    """

    PREPARATION = (
        'Download leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip '
        'from https://www.cityscapes-dataset.com (for pairs of frames '
        'leftImg8bit_sequence_trainvaltest.zip, too), unpack them in '
        '{data_root}, then: mmseg-balance data cityscapes-seq {data_root}'
    )

    def __init__(
        self,
        img_suffix: str | Sequence[str] = '_leftImg8bit.png',
        seg_map_suffix: str = '_gtFine_labelTrainIds.png',
        **kwargs,
    ) -> None:
        super().__init__(
            img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs
        )

    def load_data_list(self) -> list[dict]:
        """List the images; of snippets of several frames the labelled ones.

        Returns:
            An entry for each image.

        Raises:
            ValueError: None of the frames of a snippet has a label.
        """
        if self._lists_labelled_frames:
            # of all others the frames before are not looked for
            previous, self.previous = self.previous, None
            try:
                infos = _labelled(super().load_data_list())
            finally:
                self.previous = previous
            return self._with_previous([(i, self.frame(i)) for i in infos])
        return super().load_data_list()

    @property
    def _lists_labelled_frames(self) -> bool:
        labels = self.data_prefix.get('seg_map_path')
        listed = bool(self.ann_file) and not osp.isdir(self.ann_file)
        return labels is not None and not listed and is_local(self)


def _labelled(infos: list[dict]) -> list[dict]:
    """Of each snippet with several frames those that have labels."""
    snippets: dict[str, list[dict]] = defaultdict(list)
    for info in infos:
        snippets[info['sequence']].append(info)
    there: dict[str, set[str]] = {}
    kept, without = [], []
    for name, frames in snippets.items():
        if len(frames) == 1:
            kept += frames
            continue
        labelled = [f for f in frames if is_there(f['seg_map_path'], there)]
        kept += labelled
        if not labelled:
            without.append(name)
    if without:
        raise UserValueError(
            f'{len(without)} of {len(snippets)} snippets have no label among '
            f'their frames, {without[0]} for one (expected '
            f'{snippets[without[0]][0]["seg_map_path"]} or that of another '
            'frame): name the folder of their labels in '
            'data_prefix.seg_map_path'
        )
    return kept
