"""Which config under configs/ evaluates a converted checkpoint."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from .architecture import check_complete, expected_state
from .conversion import Converted
from .keys import without_training

METHODS = (
    'source_only',
    'oracle',
    'dacs',
    'daformer',
    'hrda',
    'mic',
    'edaps',
)
# parts of names of configs that train the same network in another way
# words of the names of configs without a balance method
PLAIN = {
    *('source', 'only', 'dacs', 'daformer', 'hrda', 'mic'),
    *('edaps', 'edaps-bu', 'edaps-shared'),
}


def find_config(
    converted: Converted, folder: str | Path
) -> tuple[Path, list[str]] | None:
    """The first config whose segmentor has exactly the converted weights.

    Those of the method that the original seems to be of come first. All of
    them predict the same, as long as the network is the same.

    Args:
        converted: What ``convert_checkpoint`` returned, of a segmentor.
        folder: Folder with one folder of configs a method.

    Returns:
        Its path, and the --cfg-options that it needs to fit; None where none
        fits.
    """
    part = next(iter(converted.found))
    weights = {
        key.removeprefix(f'{part}.'): value
        for key, value in converted.weights.items()
        if key.startswith(f'{part}.')
    }
    tried = []
    for path in _in_order(Path(folder), converted):
        try:
            segmentor = Config.fromfile(path).model.segmentor
            if segmentor in tried or not _same_kinds(
                segmentor, converted.segmentor
            ):
                continue
            tried.append(copy.deepcopy(segmentor))
            options = _match_dilations(segmentor, converted.segmentor)
            wanted = without_training(expected_state(segmentor))[0]
            check_complete(weights, wanted, part)
        except Exception:  # noqa: BLE001  (a config may raise anything)
            continue  # one that cannot be built does not fit either
        return path, options
    return None


def evaluation_model(converted: Converted) -> dict:
    """Config of a model that a converted checkpoint can be tested with.

    Normalisation and windows are those of the public configs.

    Args:
        converted: What ``convert_checkpoint`` returned, of a segmentor.
    """
    test_cfg = dict(mode='whole')
    if converted.segmentor['type'] == 'HRDAEncoderDecoder':
        test_cfg = dict(
            mode='slide', crop_size=(1024, 1024), stride=(512, 512)
        )
    preprocessor = dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
    )
    return dict(
        type='SourceOnly',
        alpha=0.999,
        predict_with=next(iter(converted.found)),
        segmentor=dict(
            converted.segmentor,
            data_preprocessor=preprocessor,
            test_cfg=test_cfg,
        ),
    )


def part_options(converted: Converted) -> list[str]:
    """The --cfg-options to predict with what there is.

    Args:
        converted: A checkpoint without student needs ``predict_with``.
    """
    alone = list(converted.found) == ['teacher']
    return ['model.predict_with=teacher'] if alone else []


def _in_order(folder: Path, converted: Converted) -> Iterator[Path]:
    """Configs on Cityscapes, the likely method and source first."""
    likely = _method(converted)
    text = str(converted.original_meta.get('config', ''))
    source = 'synthia' if 'Synthia' in text else 'gta'
    methods = sorted(METHODS, key=lambda m: (m != likely, METHODS.index(m)))
    for method in methods:
        files = [
            path
            for path in (folder / method).glob('*cityscapes*.py')
            if _is_plain(path.stem)
        ]
        yield from sorted(
            files,
            key=lambda p: (
                source not in p.stem,
                '_40k_' not in p.stem,
                p.name,
            ),
        )


def _is_plain(name: str) -> bool:
    """Whether the words before the network are those of a method alone."""
    words = re.split('_(?:r101|mit-b)', name)[0].split('_')
    return set(words) <= PLAIN


def _method(converted: Converted) -> str:
    text = str(converted.original_meta.get('config', ''))
    if 'instance_head' in converted.segmentor:
        return 'edaps'
    if re.search(r"mask_mode['\"]?\s*[=:]\s*['\"]", text):
        return 'mic'
    if converted.segmentor['type'] == 'HRDAEncoderDecoder':
        return 'hrda'
    if 'imnet_model' in converted.original_parts:
        return 'daformer'
    return 'dacs' if 'ema_model' in converted.original_parts else 'source_only'


def _same_kinds(segmentor: dict, found: dict) -> bool:
    """Whether it is worth while to build the segmentor."""
    if segmentor.get('type') != found['type']:
        return False
    if segmentor.decode_head.type != found['decode_head']['type']:
        return False
    branches = [
        s.get('instance_head', {}).get('type') for s in (segmentor, found)
    ]
    if branches[0] != branches[1]:
        return False
    return all(
        segmentor.backbone.get(key) == found['backbone'].get(key)
        for key in ('depth', 'embed_dims', 'num_layers')
    )


def _match_dilations(segmentor: dict, found: dict) -> list[str]:
    """Give a DLV2Head the dilations that were found, as --cfg-options.

    The public configs have two or four.
    """
    head = segmentor.decode_head
    dilations = found['decode_head'].get('dilations')
    if dilations is None or len(head.dilations) == len(dilations):
        return []
    head.dilations = dilations
    text = ','.join(map(str, dilations))
    return [f'model.segmentor.decode_head.dilations={text}']
