"""Rows of the fault matrix that no scenario plays, and why not."""

UNREACHED: dict[str, str] = {
    "disk of PostgreSQL full": "needs a file system of its own; a size limit is another error than a"
    " full disk, and tests/chassis/test_transient.py holds what services do about the real one",
    "old and new version side by side": "needs a second release to stand beside",
}
