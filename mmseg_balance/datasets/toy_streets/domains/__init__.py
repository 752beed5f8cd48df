"""The domains of toy streets: a simulator, a camera, another simulator."""

from .appearance import Colours, Domain, Look, Range, Street
from .second_source import SECOND
from .source import SOURCE
from .target import TARGET

# a new one goes to the end: the images of a domain depend on its place
DOMAINS = {domain.name: domain for domain in (SOURCE, TARGET, SECOND)}

__all__ = [
    'Colours',
    'DOMAINS',
    'Domain',
    'Look',
    'Range',
    'SECOND',
    'SOURCE',
    'Street',
    'TARGET',
]
