#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# DKMS, as an administrator uses it: add, build, install, remove, for each of
# Debian's kernels that we test with. It happens in a mount namespace of its
# own, so that the machine keeps its modules, sources and signing keys.
# shellcheck disable=SC2317 # functions are called through check

set -u
cd "$(dirname "$0")/../.." || exit

if [ -z "${DKMS_TEST_INSIDE:-}" ]; then
	if ! command -v dkms >/dev/null; then
		echo "SKIP dkms: it is not installed"
		exit 0
	fi
	kernels=
	for series in 6.12 6.1; do
		folder=$(tests/rig/kernel/debian $series) ||
			{ echo "FAIL dkms: no Debian kernel $series"; exit 1; }
		kernels+="$folder "
	done
	DKMS_TEST_INSIDE=$kernels exec unshare -m "$0"
fi

failed=0
version=$(sed -n 's/^#define HOSTCRYPT_RELEASE *"\(.*\)"/\1/p' module/version.h)

check() {
	local name=$1 output
	shift

	if output=$("$@" 2>&1); then
		echo "PASS $name"
	else
		echo "FAIL $name: $(tail -n 3 <<<"$output" | tr '\n' '|')"
		failed=1
	fi
}

not() {
	! "$@"
}

# A folder over which everything may be written and nothing of it lasts.
cover() {
	mkdir -p "$1" "/mnt/$2/up" "/mnt/$2/work" &&
		mount -t overlay -o "lowerdir=$1,upperdir=/mnt/$2/up,workdir=/mnt/$2/work" \
			overlay "$1"
}

set_up() {
	mount -t tmpfs none /mnt && cover /usr/src src && cover /lib/modules modules &&
		mkdir -p /var/lib/dkms && mount -t tmpfs none /var/lib/dkms
}

# What "make install" puts there, without the rest of the tree.
add() {
	make -s B="${B:-build}" install DESTDIR=/mnt/root &&
		cp -r "/mnt/root/usr/src/hostcrypt-$version" /usr/src/ &&
		dkms add -m hostcrypt -v "$version"
}

status_is() {
	dkms status -m hostcrypt -v "$version" -k "$1" | grep -q ": $2"
}

installed() {
	find "/lib/modules/$1/updates" -name 'dm-hostcrypt.ko*' 2>/dev/null | grep .
}

no_warning() {
	! grep -n 'warning:' "/var/lib/dkms/hostcrypt/$version/$1/x86_64/log/make.log"
}

module_is_ours() {
	local file

	file=$(installed "$1") &&
		[ "$(modinfo -F version "$file")" = "$version" ] &&
		[[ "$(modinfo -F vermagic "$file")" == "$1 "* ]] &&
		[ "$(modinfo -F license "$file")" = GPL ]
}

suites() {
	find "/lib/modules/$1/updates" -name '*kunit*' | grep .
}

# depmod has run: modprobe finds it, by the name that device mapper asks for.
found_by_name() {
	modprobe -S "$1" --show-depends dm-hostcrypt | grep -q 'dm-hostcrypt.ko'
}

try_kernel() {
	local release
	release=$(cat "$1/release")

	mkdir -p "/lib/modules/$release"
	cp -rs "$1/lib/modules/$release/." "/lib/modules/$release/" 2>/dev/null
	ln -sfn "$(readlink -f "$1/build")" "/lib/modules/$release/build"

	check "$release: build" dkms build -m hostcrypt -v "$version" -k "$release"
	check "$release: no warning" no_warning "$release"
	check "$release: install" dkms install -m hostcrypt -v "$version" -k "$release"
	check "$release: status" status_is "$release" installed
	check "$release: version and kernel of the module" module_is_ours "$release"
	check "$release: modprobe finds it" found_by_name "$release"
	check "$release: no test suites" not suites "$release"
}

if ! output=$(set_up 2>&1); then
	echo "SKIP dkms: no overlay over the machine's folders: $output"
	exit 0
fi
check "add" add
for kernel in $DKMS_TEST_INSIDE; do
	try_kernel "$kernel"
done
check "remove" dkms remove -m hostcrypt -v "$version" --all
for kernel in $DKMS_TEST_INSIDE; do
	release=$(cat "$kernel/release")
	check "$release: it is gone" not installed "$release"
done

# A kernel without device mapper is not for us, and dkms says so.
refuses_kernel() {
	cp -r "/usr/src/hostcrypt-$version" /mnt/odd &&
		sed -i 's/CONFIG_CRYPTO_XTS/& CONFIG_HOSTCRYPT_ABSENT/' /mnt/odd/dkms.conf &&
		rm -rf "/usr/src/hostcrypt-$version" &&
		cp -r /mnt/odd "/usr/src/hostcrypt-$version" &&
		dkms add -m hostcrypt -v "$version" &&
		! dkms build -m hostcrypt -v "$version" -k "$release"
}
check "$release: refused without what the module needs" refuses_kernel
exit $failed
