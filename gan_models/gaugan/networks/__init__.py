"""The networks: generators, style encoder, discriminators, and the classifier whose features some of these look at.

Each module is plain PyTorch and says in its classes what goes in and out. Everything else in ``gan_models.gaugan`` may
import these modules; they import only its ``config``, and the kernels and process groups of ``gan_models``.
"""
