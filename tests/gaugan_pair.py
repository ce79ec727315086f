"""Trainings of GauGAN in two processes that share every batch.

    python tests/gaugan_pair.py TASK ARGUMENT ...    # one process of two, as torchrun starts them
    python tests/gaugan_pair.py                      # reads such lines as JSON, and forks two processes for each

The second way imports PyTorch once for all trainings. Each line, ``[TASK, ARGUMENT, ...]``, is answered by one with the
exit status of either process and what both have printed.
"""

import json
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import torch
import torch.distributed.nn

from gan_models.distributed import PeerLostError, joined, processes
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import projected_config, random_features, training_config

loop.RESULT_BATCHES = 2


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")  # in one piece, as the processes share the output


def together(data: str, output: str, stop: str, style_steps: str, projected: str) -> None:
    """Trains for three steps, which the first process stops at the step ``stop``."""
    loop.FIRST_PREVIEW_SECONDS = 0

    def stop_at(progress):
        if progress.step == int(stop):
            raise KeyboardInterrupt

    with joined("cpu") as device:
        rank, count = processes()
        assert count == 2
        make, features = (projected_config, random_features()) if int(projected) else (training_config, None)
        config = make(batch=4, steps=3, style_steps=int(style_steps), init_gain=1.0)
        try:
            run.train(FolderPairs(data, "landscape"), config, output, device=device, features=features,
                      on_progress=stop_at)  # fmt: skip
        except (KeyboardInterrupt, RuntimeError) as error:
            say(f"process {rank} ended with {error!r}")
    # The kernel may list a thread for a moment after it was joined.
    deadline = time.monotonic() + 10
    while gloo_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    say(f"threads left: {gloo_threads()}")


def gloo_threads() -> list[str]:
    return [name for name in map(thread_name, os.listdir("/proc/self/task")) if "gloo" in name]


def thread_name(task: str) -> str:
    try:
        return Path(f"/proc/self/task/{task}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "ended"


def apart(data: str, output: str, batches: str, kill: str, *files: str) -> None:
    """Trains for four steps in a folder of each process, as on two machines.

    Args:
        batches: the batch size of each process, such as "4,2".
        kill: the step at which the second process is killed.
        files: how many pairs each process has.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as in the command line, which then ends by itself
    with joined("cpu") as device:
        rank, _ = processes()
        step = run.Trainer.train_step

        def train_step(self, images, ids):
            if rank == 1 and self.step == int(kill):
                os.kill(os.getpid(), signal.SIGKILL)
            return step(self, images, ids)

        run.Trainer.train_step = train_step
        loop.FIRST_SAVE_SECONDS = loop.SAVE_SECONDS = 0
        pairs = FolderPairs(data, "landscape")
        pairs.files = pairs.files[: int(files[rank])]
        config = training_config(batch=int(batches.split(",")[rank]), steps=4, init_gain=1.0)
        try:
            run.train(pairs, config, Path(output, str(rank)), device=device,
                      on_warning=lambda text: say(f"{rank}: {text}"))  # fmt: skip
        except (ValueError, PeerLostError) as error:
            say(f"{rank}: {type(error).__name__}: {error}")
            sys.stdout.flush()
            os._exit(0)


TASKS = {"together": together, "apart": apart}


def serve() -> None:
    torch.optim.Adam([torch.zeros(1)])  # The first optimizer of a process imports much.
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as printed:
            statuses = run_both(printed, *json.loads(line))
            printed.seek(0)
            print(json.dumps([statuses, printed.read()]), flush=True)


def run_both(printed, task: str, *arguments: str) -> list[int]:
    """The exit status of either process. If one fails, the other is ended."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
    ranks = {fork(rank, address, printed, task, arguments): rank for rank in (0, 1)}
    statuses = [0, 0]
    while ranks:
        child, status = os.wait()
        statuses[ranks.pop(child)] = os.waitstatus_to_exitcode(status)
        if status:
            for other in ranks:
                os.kill(other, signal.SIGKILL)
    return statuses


def fork(rank: int, address: dict[str, str], printed, task: str, arguments: tuple[str, ...]) -> int:
    """Starts one process as torchrun would."""
    if child := os.fork():
        return child
    os.environ.update(address, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2")
    for stream in (1, 2):
        os.dup2(printed.fileno(), stream)
    try:
        TASKS[task](*arguments)
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
    sys.exit()


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:]:
        TASKS[sys.argv[1]](*sys.argv[2:])
    else:
        serve()
