"""The networks: generators, style encoder, discriminators, and the classifier whose features some discriminators use.

The modules are plain PyTorch, and the class docstrings describe inputs and outputs. Everything else in
``gan_models.gaugan`` may import these modules. They import only its ``config``, and the kernels and process groups of
``gan_models``.
"""
