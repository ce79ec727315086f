"""Training: settings and presets, training pairs, losses, the trainer, and runs in a folder that can be resumed.

The command line (``gan_models.gaugan.train``) and the nodes that train import these modules. Nothing that only paints
pictures may import them.
"""
