"""Rows of the fault matrix that no scenario plays, and why not."""

UNREACHED: dict[str, str] = {
    "PostgreSQL's disk full": "needs a file system of its own: at a size limit it fails otherwise",
    "old and new version side by side": "needs a second release to stand beside this one",
}
