"""Rows of the fault matrix that no scenario plays, and why not."""

UNREACHED: dict[str, str] = {
    "PostgreSQL's disk full": "needs a file system of its own: at a size limit it fails otherwise",
}
