"""Training: settings and presets, training pairs, losses, the trainer, and runs in a folder that can be resumed.

The command line (``gan_models.gaugan.train``) and the training nodes import these modules. Code that only generates
pictures must not import them.
"""
