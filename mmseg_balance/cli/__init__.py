"""The command line: what is said to users, and asked of them.

One module a command, each with ``DESCRIPTION``, ``EXAMPLE``,
``add_arguments(parser)`` and ``run(args)``. None of them imports PyTorch or
another part of this package before ``run``, so that help comes at once.
"""
