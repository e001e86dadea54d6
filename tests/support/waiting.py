"""Waiting for a condition: the only place of the suite that pauses. A test never sleeps for a fixed time."""

import time


def eventually(look, *, within=20.0, every=0.02, what=None):
    """Calls `look` until it gives something true, and gives that back.

    What `look` raises counts as not yet. After `within` seconds the last thing seen is the failure's text.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            seen = look()
            if seen:
                return seen
        except Exception as error:  # whatever goes wrong may yet come right
            seen = repr(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or look.__doc__ or 'the condition'}; last seen: {seen!r}")
        time.sleep(every)


def never(look, *, within=1.0, every=0.05, what=None):
    """Calls `look` for a while; fails as soon as it gives something true."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        seen = look()
        assert not seen, f"{what or 'the condition'} came true: {seen!r}"
        time.sleep(every)
