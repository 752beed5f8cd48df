"""Whether a pipeline packs what its transforms make."""

from collections.abc import Callable, Sequence

from mmseg.datasets.transforms import PackSegInputs

from ...errors import UserValueError


def check_packing(transforms: Sequence[Callable], key: str) -> None:
    """Refuse a pipeline that makes something and drops it in the end.

    Args:
        transforms: The transforms of the pipeline. Those with ``packed_by``,
            as ``PseudoMargins``, need the packing of that name.
        key: Key of its data set, for the message.

    Raises:
        ValueError: It packs with a transform that is another one, and no
            subclass of it.
    """
    packers = [t for t in transforms if isinstance(t, PackSegInputs)]
    if not packers:
        return
    kinds = [kind.__name__ for kind in type(packers[-1]).__mro__]
    for transform in transforms:
        wanted = getattr(transform, 'packed_by', None)
        if wanted is not None and wanted not in kinds:
            raise UserValueError(
                f'{key}.pipeline has {type(transform).__name__} and '
                f'{kinds[0]}, which drops what it makes: put '
                f"dict(type='{wanted}') in its place"
            )
