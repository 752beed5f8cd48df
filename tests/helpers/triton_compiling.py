"""Programs in Triton through the real compiler, where there is no GPU.

The interpreter of the other tests computes what a program says; whether a GPU
could run it, within its registers, the compiler says.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass, field

# compute capabilities: A100 and H100
CAPABILITIES = (80, 90)
# bytes of shared memory that any of them grants a block
SHARED_MEMORY = 99 * 2**10
_REGISTERS = re.compile(r'Used (\d+) registers')
_SPILLS = re.compile(r'(\d+) bytes spill stores, (\d+) bytes spill loads')
_STACK = re.compile(r'(\d+) bytes stack frame')


@dataclass(frozen=True)
class Program:
    """A program, and what it is compiled for.

    Attributes:
        module: Module below ``mmseg_balance.logits.kernels.programs``.
        name: Function with ``@triton.jit``.
        signature: Type of each argument that is no 'i32', as Triton writes
            them: '*bf16', '*fp32', 'fp32', ...
        constants: Values of the arguments that are ``tl.constexpr``; of
            those that are None; and of strides of 1, for which Triton
            compiles anew as well.
        multiples: Integers that are multiples of 16, as pointers always
            are: then several numbers are read at once.
        capabilities: What it is compiled for.
        num_warps: As at the launch.
    """

    module: str
    name: str
    signature: dict[str, str]
    constants: dict[str, object] = field(default_factory=dict)
    multiples: tuple[str, ...] = ()
    capabilities: tuple[int, ...] = CAPABILITIES
    num_warps: int = 4

    def __str__(self) -> str:
        """Name in the list of tests."""
        types = '-'.join({t: 0 for t in self.signature.values() if '*' in t})
        numbers = '-'.join(map(str, self.constants.values()))
        return f'{self.name}-{types}-{numbers}'.replace('*', '')


@dataclass(frozen=True)
class Compiled:
    """What a program takes of a GPU.

    Attributes:
        capability: 80 is compute capability 8.0.
        shared: Shared memory of a block, bytes.
        registers: Registers of a thread, at most 255.
        spilled: Bytes that did not fit in them, stored and loaded.
        stack: Local memory of a thread, bytes.
    """

    capability: int
    shared: int
    registers: int
    spilled: int
    stack: int


def compile_programs(programs: list[Program]) -> list[list[Compiled]]:
    """Compile programs, all in one process of their own.

    A program that cannot be compiled ends it with the compiler's words.

    Returns:
        Of each program what it takes, of each capability.
    """
    environment = {
        k: v for k, v in os.environ.items() if k != 'TRITON_INTERPRET'
    }
    process = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([asdict(program) for program in programs]),
        capture_output=True,
        text=True,
        env=environment,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout.splitlines()[-1])
    return [[Compiled(*row) for row in rows] for rows in found]


def _compile(program: Program, capability: int) -> tuple[int, ...]:
    from importlib import import_module

    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    module = import_module(
        f'mmseg_balance.logits.kernels.programs.{program.module}'
    )
    function = getattr(module, program.name)
    known = program.signature | dict.fromkeys(program.constants, 'constexpr')
    unknown = known.keys() - set(function.arg_names)
    assert not unknown, f'{program.name} has no {unknown}'
    compiled = triton.compile(
        ASTSource(
            function,
            signature={n: known.get(n, 'i32') for n in function.arg_names},
            constexprs=program.constants,
            attrs={
                (place,): [['tt.divisibility', 16]]
                for place, name in enumerate(function.arg_names)
                if name in program.multiples or '*' in known.get(name, '')
            },
        ),
        target=GPUTarget('cuda', capability, 32),
        options=dict(num_warps=program.num_warps),
    )
    said = _assemble(compiled.asm['ptx'])
    registers = int(_REGISTERS.search(said)[1])
    spills = _SPILLS.search(said)
    stack = int(_STACK.search(said)[1])
    spilled = int(spills[1]) + int(spills[2])
    return capability, compiled.metadata.shared, registers, spilled, stack


def _assemble(ptx: str) -> str:
    """What NVIDIA's assembler says of a program."""
    from triton import knobs

    target = re.search(r'\.target (\w+)', ptx)[1]
    return subprocess.run(
        [
            knobs.nvidia.ptxas.path,
            '-v',
            f'--gpu-name={target}',
            '-o',
            os.devnull,
            '-',
        ],
        input=ptx,
        capture_output=True,
        text=True,
        check=True,
    ).stderr


if __name__ == '__main__':
    given = [Program(**each) for each in json.loads(sys.stdin.read())]
    rows = [[_compile(p, c) for c in p.capabilities] for p in given]
    print(json.dumps(rows))
