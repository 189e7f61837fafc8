#!/bin/sh
# Installs Assay from this bundle into a new folder, with no network: sh install.sh FOLDER [PYTHON]
#
# Checks the digests, Python, platform and free space; makes a virtual environment; installs the wheels by their digests; lets
# every program answer; certifies and verifies a synthetic corpus. A step that fails leaves no folder behind.
# Exit code 0: installed and tried. 1: a step failed, and which is printed. 2: wrong usage. INSTALL.md has the same by hand.
set -eu
LC_ALL=C
export LC_ALL
umask 022
unset PYTHONPATH PYTHONHOME

stop() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
say() { printf '== %s\n' "$*"; }
about() { sed -n "s/^$1: //p" about.txt; }

[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: sh install.sh FOLDER [PYTHON]" >&2; exit 2; }
case "$1" in /*) folder=$1 ;; *) folder=$PWD/$1 ;; esac
python=${2:-python$(sed -n 's/^python: CPython //p' "$(dirname -- "$0")/about.txt")}
cd -- "$(dirname -- "$0")"
[ ! -e "$folder" ] || { echo "install.sh: $folder is there already; name a new folder" >&2; exit 2; }

say "Digests"
sha256sum --check --strict --quiet SHA256SUMS || stop "a file is not what the bundle was made of; carry it over again"

say "Python, platform and space"
command -v "$python" >/dev/null || stop "$python is not installed; give the path of Python $(about python) as second argument"
"$python" - about.txt <<'PYTHON' || exit 1
import platform, sys, sysconfig
wanted = dict(line.rstrip("\n").split(": ", 1) for line in open(sys.argv[1], encoding="utf-8"))
here = {
    "python": f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}",
    "platform": sysconfig.get_platform(),
}
for key, value in here.items():
    if value != wanted[key]:
        sys.exit(f"install.sh: the bundle is for {key} {wanted[key]}, and this is {value}; take the bundle made for it")
kind, version = platform.libc_ver()
if wanted["glibc"] != "any" and (kind != "glibc" or [*map(int, version.split(".")[:2])] < [*map(int, wanted["glibc"].split("."))]):
    sys.exit(f"install.sh: glibc {wanted['glibc']} or newer is needed, and this is {kind or 'another C library'} {version}")
PYTHON
parent=$folder
while [ ! -d "$parent" ]; do parent=$(dirname -- "$parent"); done
free_kib=$(df -Pk -- "$parent" | awk 'NR == 2 { print $4 }')
needed_kib=$(($(about 'installed, in bytes, at most') / 1024))
[ "$free_kib" -ge "$needed_kib" ] || stop "$parent has $free_kib KiB free, and $needed_kib KiB are needed"

trap 'rm -rf -- "$folder"' EXIT
trap 'exit 1' HUP INT TERM

say "Virtual environment"
"$python" -m venv -- "$folder" || stop "no virtual environment can be made; some systems have venv in a package of its own"

say "Wheels"
pip() { PIP_CONFIG_FILE=/dev/null "$folder/bin/python" -m pip --isolated --disable-pip-version-check "$@"; }
for list in requirements.txt assay.txt; do
    pip install --quiet --no-index --find-links wheelhouse --only-binary :all: --require-hashes --no-deps -r "$list" ||
        stop "pip cannot install $list"
done
pip check || stop "the installed packages do not fit each other"

say "Programs"
for program in govern vocab tune; do
    "$folder/bin/$program" --help >/dev/null || stop "$program does not answer"
done

say "A synthetic corpus, certified and verified"
mkdir "$folder/try"
(
    PATH=$folder/bin:$PATH
    cd "$folder/try" &&
        govern sample --documents 40 --seed 1 --out raw &&
        govern keygen --out keys &&
        govern certify raw --out corpus --secret keys/secret.key --sign-key keys/sign.pem --workers 1 &&
        govern verify corpus --trust keys/sign.pub
) || stop "the self test failed"
rm -rf -- "$folder/try"

trap - EXIT
say "Installed: $folder/bin has govern, vocab and tune"
