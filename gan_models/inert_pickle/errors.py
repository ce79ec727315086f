"""Why a file is not read."""


class RefusedError(ValueError):
    """A file is not read, for the reason that the text gives."""


class CodeError(RefusedError):
    """A file asks to run something.

    Attributes:
        named: the name of what would run, such as ``datetime.timedelta``; empty if it has none.
    """

    def __init__(self, text: str, named: str = ""):
        super().__init__(text)
        self.named = named
