"""What transforms call the parts of a frame pair."""

from typing import Any

from ..loading.bad_files import BadFileError

PREV_IMAGE, PREV_LABEL = 'prev_img', 'prev_gt_seg_map'
FLOW, FLOW_VALID = 'flow', 'flow_valid'
# where the data set says they lie
PREV_PATH, PREV_LABEL_PATH, FLOW_PATH, REVERSE_PATH = (
    'prev_img_path',
    'prev_seg_map_path',
    'flow_path',
    'reverse_flow_path',
)
# of an image that is its own frame before
REPEATED = 'repeated'
PACKED_BY = 'PackFrameInputs'


class WrongPairError(BadFileError, ValueError):
    """Frames, or frames and flow, that do not belong together."""


def add_field(results: dict, name: str, value: Any) -> None:
    """Add a map that MMSegmentation's transforms move with the image.

    Args:
        results: Of a pipeline, changed in place.
        name: Of the map.
        value: It, (H, W) or (H, W, channels).

    Raises:
        ValueError: It is of another size than the image.
    """
    size, wanted = value.shape[:2], results['img'].shape[:2]
    if size != wanted:
        raise WrongPairError(
            f'{name} of {results.get("img_path")} has {_text(size)} and the '
            f'image {_text(wanted)} pixels (width x height): frames of a '
            'sequence are of one size, and are loaded before they are resized '
            'or cropped'
        )
    results[name] = value
    results['seg_fields'] = [*results.get('seg_fields', ()), name]


def _text(size: tuple[int, ...]) -> str:
    return f'{size[1]} x {size[0]}'
