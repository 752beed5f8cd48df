"""Whether what a hook writes is kept by somebody."""

from mmengine.runner import Runner

from ...errors import UserValueError


def check_backends(hook: str, runner: Runner) -> None:
    """Refuse to write down what nobody keeps.

    Args:
        hook: Type of the hook that writes.
        runner: Runner with its visualizer.

    Raises:
        ValueError: The visualizer has no backend; names what to set.
    """
    # of a visualizer that is not mmengine's nothing is known
    if not getattr(runner.visualizer, '_vis_backends', True):
        raise UserValueError(
            f'{hook} writes through the backends of the visualizer, but '
            'visualizer.vis_backends is empty: set it to '
            "[dict(type='LocalVisBackend')], which writes files, or remove "
            f"dict(type='{hook}') from custom_hooks"
        )
