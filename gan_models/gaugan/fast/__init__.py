"""The exact fast path: SPADE's scales and shifts, computed once for each distinct neighbourhood of a label map.

The pictures equal those of the plain layers up to rounding, and the modulation of a label map can be kept for the next
picture. ``fast.modulation.LabelMaps`` is the ``Conditioning`` (networks/spade.py) that does so, and what inference and
training import. These modules import the networks and the kernels.
"""
