#!/bin/sh
# Brings .venv up to the lock files: `sh setup/venv.sh` for stage 1, `sh setup/venv.sh --dev` with the tools of the tests.
# Where nothing changed since the last time it only compares files, so that a second `make run` starts at once.
set -eu
cd "$(dirname "$0")/.."

up_to_date() {
    [ -z "${PYTHON:-}" ] && [ ! -e .venv/installed/unfinished ] && [ -x .venv/bin/python ] && [ -x .venv/bin/nas-asr ] || return 1
    { pwd -P; cat requirements/light.lock pyproject.toml; } | cmp -s - .venv/installed/light || return 1
    [ "${1:-}" != --dev ] || cmp -s requirements/dev.lock .venv/installed/dev
}

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

if up_to_date "$@"; then
    exit 0
fi
for python in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3; do
    if fits "$python"; then
        exec "$python" -m nas_asr.install.light "$@"
    fi
    if [ -n "${PYTHON:-}" ]; then
        break
    fi
done

found=$("${PYTHON:-python3}" -c 'import sys; print("this is Python %d.%d" % sys.version_info[:2])' 2>/dev/null) || found="none was found"
echo "nas_asr needs Python 3.11 or 3.12, and $found." >&2
echo "Install one of them (on Debian 12: sudo apt install python3.11 python3.11-venv) or name it: make run PYTHON=/path/to/python3.11" >&2
exit 1
