"""Writing files so that a reader never meets half of one."""

import os
import uuid
from pathlib import Path


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that the file is either whole or as it was before.

    Raises:
        OSError: the folder cannot be written or the disk is full. Nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        message = f"could not write {path.name} ({error.strerror}); no file was changed"
        raise OSError(error.errno, message) from error
    finally:
        temporary.unlink(missing_ok=True)
