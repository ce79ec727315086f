"""Property-based tests: the same few examples in every run, and what a sentence for a user looks like."""

from contextlib import contextmanager

from hypothesis import HealthCheck, settings

LONGEST = 600


def few(count: int) -> settings:
    """Settings of a property that ``count`` examples show, which are the same in every run."""
    return settings(max_examples=count, derandomize=True, database=None, deadline=None,
                    suppress_health_check=list(HealthCheck))  # fmt: skip


@contextmanager
def sentence():
    """Whatever fails inside fails with one of the expected errors and one line of text that prints."""
    try:
        yield
    except (ValueError, FileNotFoundError) as error:
        assert not isinstance(error, UnicodeError), error
        assert str(error).isprintable() and 0 < len(str(error)) <= LONGEST, ascii(str(error))
