"""The translator that a command line names."""

from collections.abc import Sequence

from ...errors import UserValueError
from .network import network_translator
from .styles import fourier_translator, lab_translator
from .translator import Translator

DEFAULT_BETA = 0.01
EXPECTED = "'fourier', 'lab', or CONFIG CHECKPOINT of a trained translator"


def build_translator(
    words: Sequence[str],
    beta: Sequence[float] | None = None,
    own_size: bool = False,
    device: str | None = None,
) -> Translator:
    """Build a translator.

    Args:
        words: 'fourier' or 'lab'; or config and checkpoint of one that was
            trained.
        beta: Of 'fourier': a number, or the lowest and the highest.
        own_size: Of one that was trained: translate images at their own
            size, where its training resizes them.
        device: Of one that was trained.

    Returns:
        The translator.

    Raises:
        FileNotFoundError: There is no such config or checkpoint.
        ValueError: There is no such translator, or it has no such setting.
    """
    name, is_trained = words[0], len(words) == 2
    if beta is not None and name != 'fourier':
        raise UserValueError(
            f'--beta is a setting of --translator fourier, found --translator '
            f'{" ".join(words)}: leave it out'
        )
    if own_size and not is_trained:
        raise UserValueError(
            '--own-size is a setting of a trained translator, found '
            f'--translator {" ".join(words)}: leave it out'
        )
    if is_trained:
        return network_translator(*words, own_size=own_size, device=device)
    if len(words) == 1 and name == 'fourier':
        beta = [DEFAULT_BETA] if beta is None else list(beta)
        return fourier_translator(beta[0] if len(beta) == 1 else tuple(beta))
    if len(words) == 1 and name == 'lab':
        return lab_translator()
    raise UserValueError(
        f'--translator {" ".join(words)}: expected {EXPECTED}'
    )
