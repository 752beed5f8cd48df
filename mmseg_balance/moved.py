"""Modules of 0.1.0 that lie elsewhere now; their old names still work."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from warnings import warn

PACKAGE = __name__.partition('.')[0]

# within the package; what one module held may lie in several
MOVED = {
    'datasets.branch': 'datasets.domains.domain datasets.loading.leaves',
    'datasets.camvid': 'datasets.sets.camvid',
    'datasets.class_counts': 'datasets.class_statistics.counting',
    'datasets.class_stats': 'datasets.class_statistics.files',
    'datasets.converter_cli': (
        'cli.data.conversion '
        'cli.options '
        'cli.exits '
        'datasets.class_statistics.table'
    ),
    'datasets.file_utils': (
        'files.writing '
        'datasets.files.label_images '
        'files.hashing '
        'files.mapping '
        'files.walking'
    ),
    'datasets.folders': 'datasets.files.folders',
    'datasets.gta': 'datasets.sets.gta',
    'datasets.label_checks': 'datasets.checks.labels',
    'datasets.label_range': 'datasets.loading.label_range',
    'datasets.pack_uda_inputs': 'datasets.pairs.pack_uda_inputs',
    'datasets.preparation': 'datasets.loading.preparation',
    'datasets.pseudo_margins': 'datasets.pairs.pseudo_margins',
    'datasets.rare_class_sampling': 'datasets.sampling.rare_class_sampling',
    'datasets.samplers': 'datasets.sampling.samplers',
    'datasets.split_pipeline': 'datasets.loading.split_pipeline',
    'datasets.synthia': 'datasets.sets.synthia',
    'datasets.uda_dataset': 'datasets.pairs.uda_dataset',
    'engine.adversarial_optim_wrapper_constructor': (
        'engine.optim.adversarial_optim_wrapper_constructor'
    ),
    'engine.autocast_optim_wrapper': 'engine.optim.autocast_optim_wrapper',
    'engine.build': 'runs.build',
    'engine.build_errors': 'configuration.error_lines',
    'engine.config_checks': (
        'configuration.checks.training '
        'configuration.run_options '
        'files.config_walk '
        'configuration.checks.needed_hooks '
        'engine.hooks.class_statistics_hook'
    ),
    'engine.config_typos': 'configuration.typos',
    'engine.domain_data': 'inference.domain_data',
    'engine.experiment': 'runs.experiment runs.records.code',
    'engine.export': 'checkpoints.export.segmentor',
    'engine.export_config': 'checkpoints.export.config',
    'engine.launch': (
        'runs.ranks '
        'configuration.reading '
        'configuration.run_options '
        'runs.work_dir'
    ),
    'engine.out_files': 'runs.out_files',
    'engine.post_hoc_config': 'configuration.checks.post_hoc',
    'engine.prediction': (
        'inference.trained_model inference.passes.labelled_logits'
    ),
    'engine.public_architecture': 'checkpoints.public.architecture',
    'engine.public_checkpoint': 'checkpoints.public.conversion',
    'engine.public_configs': 'checkpoints.public.matching_configs',
    'engine.public_file': 'checkpoints.public.checkpoint_layout',
    'engine.public_head': 'checkpoints.public.head',
    'engine.public_keys': 'checkpoints.public.keys',
    'engine.resume': 'runs.resuming.same_run',
    'engine.statistics_origin': 'inference.post_hoc',
    'engine.statistics_pass': 'inference.passes.statistics_pass',
    'engine.stop_signals': 'stop_signals',
    'engine.student_optim_wrapper_constructor': (
        'engine.optim.student_optim_wrapper_constructor'
    ),
    'engine.test_set': 'inference.evaluation_set',
    'engine.weights': 'checkpoints.weights',
    'engine.work_dir': 'runs.work_dir',
    'evaluation.published_results': (
        'evaluation.published.rows '
        'evaluation.published.row '
        'evaluation.published.listing '
        'evaluation.published.segmentation'
    ),
    'evaluation.recipes': (
        'evaluation.published.recipes evaluation.published.note'
    ),
    'logits.alignment': (
        'logits.offsets.reference.alignment logits.offsets.difficulty'
    ),
    'logits.domain_statistics': 'logits.statistics.domain_statistics',
    'logits.em': 'logits.mixtures.em',
    'logits.gmm': 'logits.mixtures.gmm',
    'logits.mixture_bias': 'logits.bias.mixtures',
    'logits.offline': 'logits.statistics.offline',
    'logits.offset': 'logits.offsets.offset',
    'logits.offset_table': (
        'logits.offsets.tables.table logits.offsets.tables.building'
    ),
    # which docs/method_in_code.md named
    'logits.offsets.alignment': 'logits.offsets.reference.alignment',
    'logits.reservoir': 'logits.statistics.reservoir',
    'logits.row_lookup': 'logits.post_hoc.row_lookup',
    'logits.sampling': (
        'logits.statistics.sampling.batch logits.statistics.sampling.draws'
    ),
    'logits.statistics_file': 'logits.statistics.file',
    'logits.statistics_settings': 'logits.statistics.settings',
    'logits.table_lookup': 'logits.offsets.tables.table_lookup',
    'logits.tabulation': 'logits.offsets.tables.tabulation',
    'models.losses.class_counts': 'models.losses.class_weights.class_counts',
    'models.losses.gradient_weights': (
        'models.losses.class_weights.gradient_weights'
    ),
    'models.losses.rank_sums': 'models.losses.class_weights.rank_sums',
    'models.losses.weight_history': (
        'models.losses.class_weights.weight_history'
    ),
    'models.number_checks': 'number_checks',
    'models.predictions': 'models.head_losses.predictions',
    'models.segmentation_loss': (
        'models.head_losses.segmentation_loss models.head_losses.call_loss'
    ),
    'models.state_dicts': 'state_dicts',
    'models.uda.attention_consistency': (
        'models.uda.distances.attention_consistency'
    ),
    'models.uda.base': 'models.uda.segmentor',
    'models.uda.block_mask': 'models.uda.mixing.block_mask',
    'models.uda.class_mix': 'models.uda.mixing.class_mix',
    'models.uda.density_estimation': (
        'models.uda.density.density_estimation '
        'models.head_losses.classifier_features'
    ),
    'models.uda.discriminator': 'models.uda.adversaries.discriminator',
    'models.uda.feature_distance': 'models.uda.distances.feature_distance',
    'models.uda.image_logits': 'models.uda.teacher.image_logits',
    'models.uda.log': 'models.uda.optimization.log',
    'models.uda.norm_statistics': 'models.norm_statistics',
    'models.uda.opposition': 'models.uda.optimization.opposition',
    'models.uda.output_checks': 'models.uda.objectives.output_checks',
    'models.uda.photometric': 'models.uda.mixing.photometric',
    'models.uda.pseudo_balance': 'models.uda.teacher.pseudo_balance',
    'models.uda.pseudo_labels': 'models.uda.teacher.pseudo_labels',
    'models.uda.self_information': 'models.uda.entropy.self_information',
    'models.uda.settings_checks': 'models.uda.checks.settings',
    'models.uda.step': 'models.uda.objectives.step',
    'models.uda.weighted_entropy': 'models.uda.entropy.weighted_entropy',
    'models.uda.wrapper': 'models.uda.optimization.wrapper',
    'visualization.report': 'visualization.comparison.report',
}


def answer_old_names() -> None:
    """Let old names be imported, with a warning that says the new one."""
    if not any(isinstance(finder, _OldNames) for finder in sys.meta_path):
        sys.meta_path.append(_OldNames())


class _OldNames(MetaPathFinder):
    """Finds modules by the names that they had."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        package, _, rest = fullname.partition('.')
        if package != PACKAGE or rest not in MOVED:
            return None
        return ModuleSpec(fullname, _Forwarding(MOVED[rest].split()))


class _OldModule(ModuleType):
    """Takes the place of a function of its name in its package, too."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, self.__name__.rpartition('.')[2])(*args, **kwargs)


class _Forwarding(Loader):
    """A module whose names are looked up in others."""

    def __init__(self, places: Sequence[str]) -> None:
        self.places = [f'{PACKAGE}.{place}' for place in places]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _OldModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        warn(
            f'{module.__name__} lies in {", ".join(self.places)} now',
            DeprecationWarning,
            stacklevel=2,
        )
        module.__getattr__ = self._look_up

    def _look_up(self, name: str) -> Any:
        for place in self.places:
            found = import_module(place)
            if hasattr(found, name):
                return getattr(found, name)
        raise AttributeError(f'none of {self.places} has {name!r}')
