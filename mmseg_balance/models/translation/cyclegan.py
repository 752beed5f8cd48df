"""Two translators that are trained together, from images without pairs."""

from typing import Any

from mmengine.logging import print_log
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType
from torch import Tensor, nn

from ...errors import UserRuntimeError
from ..recording import IMAGE, SOURCE, TARGET, note, noted_in
from ..uda.adversaries.discriminator import frozen
from ..uda.optimization.log import to_host
from ..uda.optimization.sequential_backward import (
    DISCRIMINATOR,
    SequentialBackward,
    named_optimizers,
)
from ..uda.preprocessing import do_not_wait, preprocessed
from .checks import check_batch, check_settings, check_unpadded
from .direction import Direction
from .frozen_segmentor import FrozenSegmentor
from .gan_losses import discriminator_loss
from .generator_losses import GeneratorLosses
from .image_pool import ImagePool
from .preprocessing import check_preprocessor, preprocessor_config

GENERATOR = 'generator'


@MODELS.register_module()
class CycleGAN(BaseModel):
    """Translators from source to target and back (Zhu et al., ICCV 2017).

    With the perceptual loss of BDL (CVPR 2019) and PHFA (Eq. 7) a trained
    segmentation network has to see the same in an image, in its translation
    and in what is translated back.

    Batches are those of ``UDADataset``; labels are not used. A translation
    and its way back, and the identity, go backward by themselves, so one
    graph is alive at a time; then each optimizer takes one step. Names are
    those of the public code, A for source and B for target: ``netG_A`` is G,
    from source to target, ``netG_B`` is F, ``netD_A`` judges target images
    and ``netD_B`` source images.

    Args:
        generator: Config of both generators.
        discriminator: Config of both discriminators.
        segmentation: The segmentation network I of Eq. 7:
            ``dict(config=..., checkpoint=...)`` of a training, which
            ``mmseg-balance train`` resolves, or the config of a segmentor
            whose ``init_cfg`` is ``dict(type='Pretrained',
            checkpoint=...)``. None: no perceptual loss.
        lambda_gan: Weight of the adversarial loss.
        lambda_cycle: Of the cycle loss, mean absolute difference.
        lambda_identity: Of the identity loss, in units of ``lambda_cycle``;
            0: it is not computed.
        lambda_ppl: Of the perceptual loss of translations (BDL: 0.1).
        lambda_ppl_recon: Of that of what is translated back (BDL: 10).
        ppl_distance: 'l1', as Eq. 7, or 'instance_norm', as the released
            code of BDL.
        gan_loss: 'ls' or 'bce'.
        pool_size: Translations that each discriminator is shown again; 0:
            none.
        data_preprocessor: Its ``size`` is that of the crops. Values have to
            be from -1 to 1, which is so by default.

    Raises:
        TypeError, ValueError: A setting that cannot work; names it.
    """

    required_hooks = {
        'IterationSeedHook': 'image pools, which draw in its steps what a '
        'resumed run would not repeat',
    }
    checks_losses = True  # so that no hook has to
    notes_steps = True
    needs_target = True
    compiled_parts = ('netG_A', 'netG_B', 'netD_A', 'netD_B')
    predicts_no_labels = (
        'translates images and predicts no labels: mmseg-balance translate '
        'runs it'
    )
    # dict(config=..., checkpoint=...) stands for a segmentor with weights
    trained_parts = ('segmentation',)
    # of a config, for who builds a generator alone
    preprocessor_config = staticmethod(preprocessor_config)

    def __init__(
        self,
        generator: ConfigType,
        discriminator: ConfigType,
        segmentation: OptConfigType = None,
        lambda_gan: float = 1.0,
        lambda_cycle: float = 10.0,
        lambda_identity: float = 0.5,
        lambda_ppl: float = 0.1,
        lambda_ppl_recon: float = 10.0,
        ppl_distance: str = 'l1',
        gan_loss: str = 'ls',
        pool_size: int = 50,
        data_preprocessor: OptConfigType = None,
    ) -> None:
        losses = GeneratorLosses(
            lambda_gan,
            lambda_cycle,
            lambda_identity,
            lambda_ppl,
            lambda_ppl_recon,
            ppl_distance,
            gan_loss,
        )
        check_settings(losses, pool_size)
        super().__init__(MODELS.build(preprocessor_config(data_preprocessor)))
        do_not_wait(self.data_preprocessor)
        size = check_preprocessor(self.data_preprocessor, pool_size)
        self.losses = losses
        self.netG_A = MODELS.build(generator)
        self.netG_B = MODELS.build(generator)
        self.netD_A = MODELS.build(discriminator)
        self.netD_B = MODELS.build(discriminator)
        self.fake_B_pool = ImagePool(pool_size, size)
        self.fake_A_pool = ImagePool(pool_size, size)
        self.segmentation = None
        if segmentation is not None and losses.has_perceptual:
            self.segmentation = FrozenSegmentor(
                segmentation, self.data_preprocessor
            )

    @property
    def directions(self) -> dict[str, Direction]:
        """Both ways, by the domain that they begin in."""
        to_target = Direction(
            self.netG_A, self.netG_B, self.netD_A, self.fake_B_pool
        )
        to_source = Direction(
            self.netG_B, self.netG_A, self.netD_B, self.fake_A_pool
        )
        return {SOURCE: to_target, TARGET: to_source}

    @property
    def optimized(self) -> dict[str, nn.Module]:
        """What is moved, by the name of the optimizer that does."""
        return {
            GENERATOR: nn.ModuleList([self.netG_A, self.netG_B]),
            DISCRIMINATOR: nn.ModuleList([self.netD_A, self.netD_B]),
        }

    def init_weights(self) -> None:
        """Load the weights of the segmentation network, and say which."""
        line = 'no perceptual loss, as model.segmentation is not set'
        if self.segmentation is not None:
            self.segmentation.load()
            line = f'perceptual loss through {self.segmentation.path}'
        elif not self.losses.has_perceptual:
            line = (
                'no perceptual loss, as lambda_ppl and lambda_ppl_recon are 0'
            )
        print_log(f'{type(self).__name__}: {line}', 'current')

    def forward(
        self, inputs: Tensor, data_samples: Any = None, mode: str = 'tensor'
    ) -> Tensor:
        """Translate normalised source images.

        Args:
            inputs: (N, 3, H, W).
            data_samples: Not used.
            mode: 'tensor' alone.

        Raises:
            RuntimeError: Another mode: there are no labels to predict, and
                training goes through ``train_step``.
        """
        if mode != 'tensor':
            raise UserRuntimeError(
                f'{type(self).__name__} {self.predicts_no_labels}; leave '
                'val_dataloader and test_dataloader away'
            )
        return self.netG_A(inputs)

    def train_step(
        self, data: dict, optim_wrapper: OptimWrapper
    ) -> dict[str, float]:
        """One iteration: both generators, then both discriminators.

        Args:
            data: ``dict(source=batch, target=batch)``.
            optim_wrapper: Optimizers 'generator' and 'discriminator'.

        Returns:
            Losses as floats; ``loss`` is that of the generators.

        Raises:
            FloatingPointError: A loss is NaN or infinite; names it.
            TypeError: Optimizers that are not those of the model.
        """
        optimized = self.optimized
        wrappers = named_optimizers(optim_wrapper, optimized)
        optimizations = {k: SequentialBackward(w) for k, w in wrappers.items()}
        images = self.prepare(data)
        logs: dict[str, Tensor] = {}
        translations = {}
        for domain in (SOURCE, TARGET):
            found, translations[domain] = self._learn_to_translate(
                domain, images, optimizations[GENERATOR]
            )
            logs |= found
        for domain in (SOURCE, TARGET):
            logs |= self._learn_to_judge(
                domain, images, translations, optimizations[DISCRIMINATOR]
            )
        for name, module in optimized.items():
            optimizations[name].step(module.parameters())
        return to_host(logs, [f'{SOURCE}.loss', f'{TARGET}.loss'])

    def prepare(self, data: dict) -> dict[str, Tensor]:
        """Normalise and pad both branches.

        Args:
            data: ``dict(source=batch, target=batch)``.

        Returns:
            (N, 3, H, W) by domain.

        Raises:
            ValueError: Other batches, or images that had to be padded.
        """
        check_batch(data)
        images = {}
        for domain in (SOURCE, TARGET):
            batch = preprocessed(self.data_preprocessor, data[domain])
            check_unpadded(domain, batch['data_samples'])
            images[domain] = batch['inputs']
            with noted_in(domain):
                note(IMAGE, images[domain])
        return images

    def _learn_to_translate(
        self,
        domain: str,
        images: dict[str, Tensor],
        optimization: SequentialBackward,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Forward and backward of the generators, for images of a domain."""
        other = TARGET if domain == SOURCE else SOURCE
        way, logs = self.directions[domain], {}
        context = optimization.optim_wrapper.optim_context
        with context(self), frozen(way.discriminator), noted_in(domain):
            translated, losses = self.losses.of_translation(
                way, images[domain], self.segmentation
            )
        logs |= _backward(losses, optimization)
        with context(self), noted_in(other):
            losses = self.losses.of_identity(way, images[other])
        logs |= _backward(losses, optimization)
        logs['loss'] = sum(logs.values())
        return {f'{domain}.{k}': v for k, v in logs.items()}, translated

    def _learn_to_judge(
        self,
        domain: str,
        images: dict[str, Tensor],
        translations: dict[str, Tensor],
        optimization: SequentialBackward,
    ) -> dict[str, Tensor]:
        """Forward and backward of the discriminator of translations."""
        other = TARGET if domain == SOURCE else SOURCE
        way = self.directions[domain]
        shown = way.pool(translations[domain])
        with optimization.optim_wrapper.optim_context(self):
            loss = discriminator_loss(
                way.discriminator(images[other]),
                way.discriminator(shown),
                self.losses.gan_loss,
            )
        optimization.backward(loss)
        return {f'{DISCRIMINATOR}.loss_{other}': loss.detach()}


def _backward(
    losses: dict[str, Tensor], optimization: SequentialBackward
) -> dict[str, Tensor]:
    """Add the gradients of losses, if there are any; give their values."""
    if losses:
        optimization.backward(sum(losses.values()))
    return {name: loss.detach() for name, loss in losses.items()}
