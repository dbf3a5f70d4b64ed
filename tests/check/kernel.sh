#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module in the kernel's own eyes: checkpatch --strict, kernel-doc, and for
# each of Debian's kernels a build in which every warning of W=1 and of sparse
# is an error. The test suites go through it too, for the kernel with KUnit, the test
# module hc-bios for all and hc-crash for Debian's.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

source=$(tests/rig/kernel/source) || exit
kunit=$(tests/rig/kernel/build x86-kunit) || exit
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
failed=0

complain() {
	printf '%s\n' "$@"
	failed=1
}

# Our limit is 100 columns, as in .clang-format. The kernel's names for page flags
# are in CamelCase, which checkpatch knows of in the kernel's own tree only.
mapfile -t sources < <(git ls-files 'module/*.[ch]')
mapfile -t suites < <(git ls-files 'tests/kunit/*.[ch]' 'tests/bios/*.[ch]' 'tests/crash/*.[ch]')
for file in "${sources[@]}" "${suites[@]}"; do
	said=$(perl "$source/scripts/checkpatch.pl" --no-tree --strict --terse --quiet \
		--max-line-length=100 --ignore CAMELCASE -f "$file" 2>&1) || complain "$said"
done
said=$("$source/scripts/kernel-doc" -none -Wall "${sources[@]}" 2>&1)
[ -z "$said" ] || complain "$said"

# compile FOLDER MODULE ARGUMENT...: everything said is an error.
compile() {
	local folder=$1 module=$2 said
	shift 2

	# Of a kernel without its vmlinux no BTF can be made; that is no fault.
	said=$(make -s -C "$kernel" M="$folder" W=1 C=2 KCFLAGS=-Werror "$@" modules 2>&1 |
		grep -v '^Skipping BTF generation')
	[ -z "$said" ] || complain "$name: $said"
	[ -e "$folder/$module" ] || complain "$name: no $module was built"
}

# build NAME KERNEL-BUILD-FOLDER ARGUMENT...
build() {
	local name=$1 copy=$folder/$1 kernel=$2
	shift 2

	mkdir -p "$copy/tests"
	cp -r Kbuild module "$copy/"
	cp -r tests/kunit tests/bios tests/crash "$copy/tests/"
	compile "$copy" dm-hostcrypt.ko "$@"
	compile "$copy/tests/bios" hc-bios.ko "$@"
	[ "$name" = kunit ] || compile "$copy/tests/crash" hc-crash.ko
}

for series in 6.12 6.1; do
	kernel=$(tests/rig/kernel/debian $series) || exit
	build "$series" "$kernel/build" HOSTCRYPT_KUNIT=n
done
build kunit "$kunit" HOSTCRYPT_KUNIT=y
exit $failed
