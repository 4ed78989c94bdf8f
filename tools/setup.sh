#!/usr/bin/env bash
# Makes .venv as the lock file says; uv does the work, pip only brings uv.
set -euo pipefail
python=$1 bin=$2 stamp=$3

stop() {
    echo "$1" >&2
    exit 2
}

[ -n "$python" ] || stop "Python 3.11 or newer is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3.11 setup"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    stop "$python is not a Python of version 3.11 or newer that runs here. Name another one: make PYTHON=/path/to/python3.11 setup"
free_mib=$(df -Pm . | awk 'NR == 2 {print $4}')
[ "$free_mib" -ge 1024 ] || stop "Only $free_mib MiB are free on this disk, and 1024 are needed. Free some space and run make again."

started=$SECONDS
echo "Setting up .venv (once; about 30 s) ..."
[ -x "$bin/python" ] || "$python" -m venv .venv || stop "Python cannot make a virtual environment here. On Debian and Ubuntu: apt install python3-venv."
no_network="The packages could not be fetched (see above). The first set-up needs the network: check it, or a proxy or index in your pip and uv settings, and run make again."
grep -A 40 '^uv==' requirements-dev.txt | awk 'NR > 1 && !/^ /{exit} {print}' >.venv/uv.txt
"$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt || stop "$no_network"
"$bin/uv" pip sync --quiet --python "$bin/python" --require-hashes requirements-dev.txt || stop "$no_network"
"$bin/uv" pip install --quiet --python "$bin/python" --no-build-isolation --no-deps --editable . || stop "The project itself could not be installed (see above)."
touch "$stamp"
echo "Set up in $((SECONDS - started)) s."
