"""What ``benchmarks/gpu.py`` measures, one module for each kind of part.

Each module has a function ``measure(setup, report, **arguments)``. It calls ``report(what, **figures)`` as soon as it
has a row, so that a part that runs out of time keeps the rows that it has.
"""
