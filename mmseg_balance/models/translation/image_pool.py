"""Earlier translations, which discriminators are shown again."""

from collections.abc import Mapping

import torch
from mmengine.dist import all_gather, get_rank, get_world_size
from torch import Tensor, nn

from ...errors import UserValueError
from ...state_dicts import without_count


class ImagePool(nn.Module):
    """Pool of translations (Shrivastava et al., CVPR 2017).

    Until it is full it keeps each image, and gives it back. Then it gives,
    with probability one half, an earlier one in its place and keeps the new
    one. The images are buffers: in checkpoints, and resumed. On several
    ranks all have the one pool of the whole batch, so that what a checkpoint
    of rank 0 has is what all go on with.

    Args:
        size: Images kept, 0: none, each is given back.
        image_size: Height and width of the images; without any of a pool of
            size 0.
        channels: Of the images.
    """

    def __init__(
        self,
        size: int,
        image_size: tuple[int, int] = (0, 0),
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.size = size
        if not size:
            return
        shape = (size, channels, *image_size)
        self.register_buffer('images', torch.zeros(shape))
        self.register_buffer('num_filled', torch.tensor(0))
        self._filled: int | None = 0  # on the host; None: the buffer says it

    def forward(self, images: Tensor) -> Tensor:
        """What the discriminator is shown.

        Args:
            images: New translations, (n, channels, H, W).

        Returns:
            As many images, new ones or earlier ones, without a graph.

        Raises:
            ValueError: They are of another size than those of the pool.
        """
        images = images.detach()
        if not self.size:
            return images
        images = images.float()
        self._check_shape(images)
        count = len(images)
        # by each rank for its own images
        earlier, places = torch.rand(count), torch.randint(self.size, (count,))
        if get_world_size() > 1:
            images, earlier, places = (
                torch.cat(all_gather(x)) for x in (images, earlier, places)
            )
        shown = [
            self._exchange(*drawn)
            for drawn in zip(
                images, earlier.tolist(), places.tolist(), strict=True
            )
        ]
        self.num_filled.fill_(self._filled)
        first = count * get_rank()
        return torch.stack(shown[first : first + count])

    def _exchange(self, image: Tensor, earlier: float, place: int) -> Tensor:
        """Keep an image, or not, and give one."""
        if self._filled is None:
            self._filled = int(self.num_filled)
        if self._filled < self.size:
            self.images[self._filled] = image
            self._filled += 1
            return image
        if earlier <= 0.5:
            return image
        old = self.images[place].clone()
        self.images[place] = image
        return old

    def _check_shape(self, images: Tensor) -> None:
        own, found = tuple(self.images.shape[1:]), tuple(images.shape[1:])
        if own != found:
            raise UserValueError(
                f'model.data_preprocessor.size is {own[-2:]}, the size of '
                f'the images that pools keep, but crops of {found[-2:]} '
                '(height, width) were translated: set it to crop_size of '
                'RandomCrop, or pool_size=0'
            )

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Tensor], prefix: str, *args
    ) -> None:
        if self.size:
            names = f'{prefix}images', self.images, f'{prefix}num_filled'
            state_dict = without_count(state_dict, *names)
        super()._load_from_state_dict(state_dict, prefix, *args)
        self._filled = None
