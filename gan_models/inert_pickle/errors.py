"""Why a file is not read."""


class RefusedError(ValueError):
    """A file is not read, for the reason that the text gives."""


class CodeError(RefusedError):
    """A file asks to run something."""
