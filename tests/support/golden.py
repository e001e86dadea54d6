"""Comparing with a file of tests/golden; `cargo xtask bless` rewrites the files instead."""

import os
import pathlib

FOLDER = pathlib.Path(__file__).parent.parent / "golden"


def check(name, text):
    """Fails when `text` is not what the golden file holds."""
    path = FOLDER / name
    if os.environ.get("MUSTER_BLESS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text)
        return
    kept = path.read_text() if path.exists() else ""
    assert text == kept, f"tests/golden/{name} differs; if that is meant: cargo xtask bless"
