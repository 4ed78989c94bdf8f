#!/bin/sh
# Makes the secrets for compose in secrets/, once: what is there stays. Python 3.11 is enough.
# The folders are open to their owner only. The files in them are readable by all, because compose
# mounts each file as it is and the container's user has another number than you.
set -eu
umask 077
cd "$(dirname "$0")/.."
python3 -m tools.stack.secret_files secrets
chmod 0700 secrets secrets/*
chmod 0444 secrets/*/*
