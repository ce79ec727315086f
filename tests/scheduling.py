"""How several processes share the tests (``pytest --numprocesses N --dist loadfile``)."""

from xdist.scheduler import LoadFileScheduling

SERVER = "the real ComfyUI"
USE_SERVER = ("tests/comfyui/", "tests/browser/")
LONGEST = (
    SERVER,
    "tests/unit/test_gaugan_distributed.py",
    "tests/unit/test_singan_training.py",
    "tests/unit/test_gpu_benchmark.py",
    "tests/unit/test_gaugan_run.py",
    "tests/unit/test_devices.py",
    "tests/nodes/test_singan_nodes.py",
    "tests/unit/test_singan_several_images.py",
    "tests/unit/test_bundled.py",
)


class LongestFirst(LoadFileScheduling):
    """One process runs the tests of a file, and one those of all files that use the real ComfyUI, which starts once.

    What takes longest is started first, so that no process is left alone with it at the end.
    """

    def _split_scope(self, nodeid: str) -> str:
        return SERVER if nodeid.startswith(USE_SERVER) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node) -> None:
        if longest := next((scope for scope in LONGEST if scope in self.workqueue), None):
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)
