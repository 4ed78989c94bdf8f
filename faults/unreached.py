"""Rows of the fault matrix that no scenario plays, and why not."""

UNREACHED: dict[str, str] = {
    "Kafka's tail lost": "needs a command that says `outbox_sent` again; there is none yet",
    "old and new version side by side": "needs a second release to stand beside",
}
