"""Checks of the images and labels of a data set, before the first step."""

from ..loading.split_pipeline import SplitPipeline
from .images import check_image_files
from .labels import (
    check_images_can_be_read,
    check_label_files,
    check_label_values,
)
from .left_out import say_left_out


def check_samples(part: SplitPipeline) -> None:
    """Refuse images and labels that are missing or cannot be used.

    Labels are checked where they are loaded and have classes, and images
    with them; images alone where bad ones are not left out anyway.

    Args:
        part: Fully initialised data set.

    Raises:
        FileNotFoundError: An image that is listed is not there, or an image
            has no label.
        OSError: An image or a label cannot be decoded.
        ValueError: There is no image, or a label has values outside the
            classes or another size than its image.
    """
    with_labels = part.annotations is not None
    check_image_files(part.dataset, part.name)
    say_left_out(part.dataset, part.name, with_labels)
    if with_labels and part.dataset.metainfo.get('classes'):
        check_label_files(part, part.name)
        check_label_values(part)
    elif not part.skips_bad:
        check_images_can_be_read(part.dataset, part.name)
