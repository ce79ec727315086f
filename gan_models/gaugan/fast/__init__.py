"""The exact fast path: SPADE's scales and shifts, computed once for each distinct neighbourhood of a label map.

The pictures equal those of the plain layers up to rounding, and the modulation of a label map can be kept for the next
picture. Inference and training import ``fast.modulation``; these modules import the networks and the kernels.
"""
