"""Writes down which target images a training with few of them has."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS

from mmseg_balance.datasets.sampling.few_shot import FEW_SHOT_FILE
from mmseg_balance.files.writing import write_atomically


@HOOKS.register_module()
class FewShotHook(Hook):
    """Writes the chosen target images to few_shot.txt in the work folder.

    A name a line, so that ``few_shot='WORK_DIR/few_shot.txt'`` gives another
    training the same. A training with ``few_shot`` is given the hook.
    """

    priority = 'VERY_HIGH'
    without_effect = True

    def before_train(self, runner: Runner) -> None:
        """Write the file, and say how many they are."""
        few_shot = runner.train_dataloader.dataset.few_shot
        file = Path(runner.work_dir) / FEW_SHOT_FILE
        if is_main_process():
            text = ''.join(f'{name}\n' for name in few_shot.chosen)
            write_atomically(file, text.encode())
        runner.logger.info(f'target: {few_shot}, named in {file}')
