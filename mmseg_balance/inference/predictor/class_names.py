"""Names and colours of the classes that a model predicts."""

from torch import nn

from ...errors import UserValueError


def classes_of(
    model: nn.Module, source: str
) -> tuple[tuple[str, ...], list[list[int]]]:
    """Names and colours of a model's classes.

    Args:
        model: A segmentor; its ``dataset_meta`` has them where they are
            known.
        source: File of the weights, for the error.

    Returns:
        The names, 'class 0' and so on where there are none; and RGB of
        each.

    Raises:
        ValueError: There are more or fewer names than classes.
    """
    meta = getattr(model, 'dataset_meta', None) or {}
    count = num_classes(model)
    names = meta.get('classes') or [f'class {i}' for i in range(count)]
    if len(names) != count:
        raise UserValueError(
            f'{source} is of {len(names)} classes ({", ".join(names)}), and '
            f'the model predicts {count}: set num_classes of its heads and '
            'metainfo.classes of the test set to those that it was trained on'
        )
    palette = meta.get('palette')
    if palette is None or len(palette) != len(names):
        palette = distinct_colours(len(names))
    return tuple(names), [[int(v) for v in colour] for colour in palette]


def num_classes(model: nn.Module) -> int:
    """Number of classes of a model; 2 where it gives one probability."""
    head = model.decode_head
    head = head[-1] if isinstance(head, nn.ModuleList) else head
    is_binary = getattr(head, 'out_channels', head.num_classes) == 1
    return 2 if is_binary else head.num_classes


def distinct_colours(count: int) -> list[list[int]]:
    """Colours for classes that have none: those of PASCAL VOC's colour map.

    Args:
        count: Number of classes.

    Returns:
        RGB of each, 0 to 255, the same in each run.
    """
    colours = []
    for number in range(1, count + 1):
        colour = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                value = number >> (3 * bit + channel) & 1
                colour[channel] |= value << (7 - bit)
        colours.append(colour)
    return colours
