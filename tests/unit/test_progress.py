import pytest

from gan_models.progress import FINEST, Progress, parts


def test_parts_report_the_whole_in_proportion_to_their_costs():
    seen = []
    first, second = parts(seen.append, [1, 3])
    first(Progress(1, 2, "half"))
    inside, last = parts(second, [10, 20], ["inside", "last"])
    inside(Progress(5, 5, "all"))
    last(Progress(7, 7, "all"))
    assert [report.step / report.total for report in seen] == [0.125, 0.5, 1]
    assert [report.stage for report in seen] == ["half", "inside", "last"] and seen[-1].total == FINEST


def test_parts_without_a_receiver_report_nothing():
    assert parts(None, [1, 2]) == [None, None]


def test_an_exception_in_a_report_leaves_the_part():
    def stop(progress):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        parts(stop, [1])[0](Progress(0, 1, "begin"))
