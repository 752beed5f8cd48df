"""How the files of each data set are made, for error messages."""

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from mmengine.dataset import BaseDataset

PREPARATION = {
    'GTADataset': 'Download images and labels from '
    'https://download.visinf.tu-darmstadt.de/data/from_games, unpack them in '
    '{data_root}, then: mmseg-balance data gta {data_root}',
    'SYNTHIADataset': 'Download SYNTHIA-RAND-CITYSCAPES from '
    'https://synthia-dataset.net, unpack it in {data_root}, then: '
    'mmseg-balance data synthia {data_root}',
    'CityscapesDataset': 'Download leftImg8bit_trainvaltest.zip and '
    'gtFine_trainvaltest.zip from https://www.cityscapes-dataset.com, unpack '
    'them in {data_root}, then: '
    'mmseg-balance data cityscapes {data_root}',
    'CamVidDataset': 'Put the 480 x 360 version of CamVid with 11 classes '
    'that comes with the SegNet tutorial there, divided by recording: images '
    'in {domains}/{{day,dusk}}/images/{{train,val}}/*.jpg, labels (train ids) '
    'in {domains}/{{day,dusk}}/labels/{{train,val}}/*.png',
}
PREPARATION['CamVidVideoDataset'] = PREPARATION['CamVidDataset']
# the same commands write segments as well
PREPARATION |= {
    f'{name}PanopticDataset': PREPARATION[f'{name}Dataset'] + ' --panoptic'
    for name in ('SYNTHIA', 'Cityscapes')
}
TOY_STREETS = 'Make it with: mmseg-balance data toy-streets {parent}{options}'
TOY_SEQUENCES = 'Make it with: mmseg-balance data toy-sequences {parent}'
SEQUENCES = ('toy_viper', 'toy_cityscapes_seq')
TOY_OBJECTS = 'Make it with: mmseg-balance data toy-objects {data_root}'
# how labels are fetched is no help to those who have images alone
WITHOUT_LABELS = (
    '. Where the target has no labels for an evaluation: --cfg-options '
    'val_dataloader=None val_cfg=None val_evaluator=None'
)

HOW_TO_LABEL = (
    "put dict(type='LoadAnnotations') behind the loading of the image in "
    'train_dataloader.dataset.target.pipeline, and name the folder of labels '
    'in train_dataloader.dataset.target.data_prefix.seg_map_path '
    '(mmseg-balance pseudo-labels writes them)'
)


def preparation(dataset: BaseDataset) -> str:
    """How the files of a data set are made.

    Args:
        dataset: Data set, built at least lazily. Toy streets, which stand in
            for other data sets, are known by the name of their folder; a
            class that is not listed here may have a text of its own as its
            attribute ``PREPARATION``, with ``{data_root}`` in it.

    Returns:
        What to put behind an error message; empty for unknown data sets.
    """
    root = PurePath(dataset.data_root or 'DATA')
    if root.name in SEQUENCES:
        text = TOY_SEQUENCES
    elif root.name == 'toy_objects':
        text = TOY_OBJECTS
    elif any(re.match(r'toy([_-]|$)', part) for part in root.parts[-2:]):
        text = TOY_STREETS
    else:
        own = getattr(dataset, 'PREPARATION', '')
        text = PREPARATION.get(type(dataset).__name__, own)
    domains = root.parent if root.name in ('day', 'dusk') else root
    return text and '. ' + text.format(
        data_root=root,
        parent=root.parent,
        domains=domains,
        options=_toy_options(Path(root.parent)),
    )


def _toy_options(folder: Path) -> str:
    """Options that toy streets were drawn with; empty where there are none.

    With others, the command would refuse to add what is missing.
    """
    settings: dict[str, int] = {}
    for notes in sorted(folder.glob('toy_*/toy_streets.json')):
        try:
            found = json.loads(notes.read_text())
        except (OSError, ValueError):
            return ''
        settings |= found if isinstance(found, Mapping) else {}
    if settings:
        settings.setdefault('num_second', 0)
    return ''.join(
        f' --{name.replace("_", "-")} {value}'
        for name, value in settings.items()
        if name != 'version'
    )


def target_labels(
    dataset: BaseDataset, key: str, config: str = 'CONFIG'
) -> str:
    """How labels of a target set are made, which nobody has drawn.

    Args:
        dataset: Data set, built at least lazily.
        key: Its key in the training.
        config: That of the first stage, where it is known.

    Returns:
        What to put behind an error message; empty for other data sets.
    """
    if 'target' not in key.split('.'):
        return ''
    folder = dataset.data_prefix.get('seg_map_path') or 'FOLDER'
    return (
        '. Pseudo-labels are written by: mmseg-balance pseudo-labels '
        f'{config} CHECKPOINT --out {folder}'
    )


def size_advice(dataset: BaseDataset) -> str:
    """What brings labels to the size of their images.

    Args:
        dataset: Data set, built at least lazily.

    Returns:
        What to put behind an error message; empty where there is no tool.
    """
    if type(dataset).__name__ != 'GTADataset':
        return ''
    return (
        '. 62 labels of GTA have another size; run python '
        f'mmseg-balance data gta {dataset.data_root or "DATA"} '
        '(again): it writes them at the size of their images'
    )
