"""Faster arithmetic for convolutions and matrix products on a CPU, which knows nothing of any network.

``winograd`` convolves by minimal filtering, ``onednn`` calls oneDNN's linear layers. Any package of ``gan_models`` may
import these modules; they import nothing of it.
"""
