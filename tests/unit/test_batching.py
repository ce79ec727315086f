import pytest
import torch

from gan_models.batching import OUT_OF_MEMORY, in_batches


def test_short_memory_halves_the_batch():
    sizes, reports = [], []

    def work(part):
        sizes.append(part.stop - part.start)
        if sizes[-1] > 2:
            raise OUT_OF_MEMORY("out of memory")
        return torch.arange(part.start, part.stop)

    assert in_batches(work, 7, 6, "working", reports.append).tolist() == list(range(7))
    assert sizes == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    assert [(report.step, report.total, report.stage) for report in reports[-2:]] == [
        (6, 7, "working"), (7, 7, "working")
    ]  # fmt: skip
    with pytest.raises(OUT_OF_MEMORY):
        in_batches(lambda part: work(slice(0, 9)), 2, 2, "working")


def test_a_stop_comes_before_the_next_batch():
    done = []

    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_batches(lambda part: done.append(part) or torch.zeros(1), 5, 1, "working", stop)
    assert len(done) == 2
