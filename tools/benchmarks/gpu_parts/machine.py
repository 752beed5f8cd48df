"""What the figures were measured on."""

from importlib.util import find_spec

import measure
import torch

from .options import Options


def describe_machine(options: Options) -> list[dict]:
    """Names and versions; on CUDA a product is computed, to see it work."""
    found = measure.machine(options.device)
    if options.device != 'cpu':
        ones = torch.ones(64, 64, device=options.device)
        assert (ones @ ones).sum().item() == 64**3
        properties = torch.cuda.get_device_properties(options.device)
        found.update(
            memory_gb=round(properties.total_memory / 2**30),
            capability='.'.join(
                map(str, torch.cuda.get_device_capability(options.device))
            ),
            cuda=torch.version.cuda,
            bf16=torch.cuda.is_bf16_supported(including_emulation=False),
        )
    return [dict(found, triton=find_spec('triton') is not None)]
