# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For scenarios about dumps under a kernel that has no kexec: what such a kernel would
# say, a kernel's files, a target and keys. Sourced.
# shellcheck disable=SC2034 # $conf and $image are for who sources this
release=$(uname -r)
conf=/etc/hostcrypt/dump.conf
image=/var/lib/hostcrypt/dump/$release.img

# key NAME BITS: NAME.key and NAME.pem in /tmp/keys
key() {
	openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" \
		-out "/tmp/keys/$1.key" && openssl pkey -in "/tmp/keys/$1.key" -pubout \
		-out "/tmp/keys/$1.pem"
}

# says FILE TEXT: of /sys/kernel
says() {
	echo "$2" >"/sys/kernel/$1"
}

install_module() {
	mkdir -p "/usr/lib/modules/$release"
	cp "$MODULE" "/usr/lib/modules/$release/" &&
		touch "/usr/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} &&
		depmod "$release"
}

install_kernel() {
	mkdir -p /boot
	touch "/boot/vmlinuz-$release"
	echo CONFIG_RD_GZIP=y >"/boot/config-$release"
}

# our_own_is_loaded: what "hostcrypt dump load" leaves, and the kernel says that it was loaded
our_own_is_loaded() {
	LD_PRELOAD=/run/rig/build/tests/tools/preload/kexec_loads.so hostcrypt dump load
}

mount -t tmpfs none /sys/kernel && mkdir -p /tmp/keys /var/crash &&
	mke2fs -q -t ext4 -F "$DISK1" && mount "$DISK1" /var/crash && key support 3072 ||
	give_up "no target and no key"
