"""Faster arithmetic for convolutions and matrix products on a CPU, independent of any network.

``winograd`` convolves by minimal filtering, and ``onednn`` calls oneDNN's linear layers. Any package of ``gan_models``
may import these modules. They import nothing else from ``gan_models``.
"""
