# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What a scenario finds when it starts. A scenario is a bash file that runs as
# root inside a guest and sources nothing.
#
# Variables
#   RIG           uml, qemu-6.12 or qemu-6.1
#   UML           plain or debug under RIG=uml; empty otherwise
#   DISK1 DISK2.. the blank disks of the header's "# disks:" line
#   BOOT          1, then 2, 3... after reboot_guest or cut_power
#   KEEP          a folder that outlives a reboot and a power cut
#   TREE          the project's tree, read-only
#   MODULE        the path of dm-hostcrypt.ko, built for the running kernel
#   SEED          the machine's SEED, where it is set: a scenario that draws
#                 numbers takes it instead of its own, to do a failure again
#   KMS_HOST KMS_PORT KMS_CERTS   after start_kms
#   In PATH: hostcrypt, hostcryptd and the test tools (tests/tools).
#
# The root is the machine's own, under an overlay: every installed program is
# there, everything may be written, nothing of it lasts. There is no udev.
#
# Results
#   pass NAME                 report
#   fail NAME WHY             report
#   skip NAME WHY             report
#   note TEXT                 a line for the log and for whoever looks on
#   expect_ok NAME COMMAND... runs it; exit status 0 passes
#   expect_fail NAME STATUS REGEX COMMAND...
#                             passes if it exits with STATUS ("any" for any
#                             but 0) and prints something that matches REGEX
#   expect NAME TEXT COMMAND...   its output is exactly TEXT
#   expect_match NAME REGEX COMMAND...    exit status 0 and a matching output
#   give_up WHY               fail and end the scenario
#
# Doing
#   load_module [PARAM...]    insert dm-hostcrypt and what it needs
#   load NAME [PARAM...]      insert a module of the running kernel
#   make_ram_disk SIZE [BLOCK [timer]]
#                             print a new ram disk's path; SIZE as 64M, BLOCK the
#                             logical block size (512); with "timer" it answers
#                             in an interrupt as a disk does, not where it is asked
#   start_kms                 have a PyKMIP server with its certificates; sets
#                             the KMS_ variables
#   stop_kms
#   write_config [FILE]       a hostcrypt.conf with the providers "kms" (the
#                             server of start_kms) and "local"
#   wait_for SECONDS COMMAND...   until it succeeds
#   ask_host WORD...          run the scenario's .host companion on the
#                             machine with these words; prints what it prints,
#                             returns its exit status
#   reboot_guest, cut_power   start again with BOOT one higher; cut_power
#                             kills the guest where it stands
#   crash_guest [COMMAND...]  panic, as COMMAND brings it about (or sysrq); the
#                             kernel that was loaded for that case takes over and
#                             ends the machine, then as above

# In QEMU the channel is a port that only one may have open: descriptor 9, from
# the session's start on.
send() {
	if [ "$RIG" = uml ]; then
		printf '%s\n' "$*" >>/run/rig/share/channel
	else
		printf '%s\n' "$*" >&9
	fi
}

pass() {
	send "PASS $1"
}

fail() {
	send "FAIL $1: ${2:-no reason given}"
}

skip() {
	send "SKIP $1: ${2:-no reason given}"
}

note() {
	send "NOTE $*"
}

give_up() {
	fail "${SCENARIO}" "$*"
	exit 1
}

# Output of the last command that an expect function ran.
LAST=

# The end of the output on one line, for a reason.
last_line() {
	printf '%s' "$LAST" | tail -n 3 | tr '\n\t' '| ' | cut -c1-300
}

# Not in a subshell: a function of the scenario may set variables, and a
# program that stays behind must not hold the scenario up.
run_quietly() {
	local status=0

	echo "+ $*"
	"$@" >/run/rig/last 2>&1 || status=$?
	LAST=$(tr -d '\0' </run/rig/last)
	[ -z "$LAST" ] || printf '%s\n' "$LAST"
	return $status
}

expect_ok() {
	local name=$1 status=0
	shift

	run_quietly "$@" || status=$?
	if [ $status = 0 ]; then
		pass "$name"
	else
		fail "$name" "exit status $status: $(last_line)"
	fi
	return $status
}

expect_fail() {
	local name=$1 want=$2 regex=$3 status=0
	shift 3

	run_quietly "$@" || status=$?
	if [ $status = 0 ]; then
		fail "$name" "succeeded: $(last_line)"
	elif [ "$want" != any ] && [ "$want" != $status ]; then
		fail "$name" "exit status $status, not $want: $(last_line)"
	elif ! grep -Eq -- "$regex" <<<"$LAST"; then
		fail "$name" "no '$regex' in: $(last_line)"
	else
		pass "$name"
	fi
}

expect() {
	local name=$1 want=$2 status=0
	shift 2

	run_quietly "$@" || status=$?
	if [ $status != 0 ]; then
		fail "$name" "exit status $status: $(last_line)"
	elif [ "$LAST" != "$want" ]; then
		fail "$name" "'$(last_line)' where '$want' was expected"
	else
		pass "$name"
	fi
}

expect_match() {
	local name=$1 regex=$2 status=0
	shift 2

	run_quietly "$@" || status=$?
	if [ $status != 0 ]; then
		fail "$name" "exit status $status: $(last_line)"
	elif ! grep -Eq -- "$regex" <<<"$LAST"; then
		fail "$name" "no '$regex' in: $(last_line)"
	else
		pass "$name"
	fi
}

wait_for() {
	local end=$((SECONDS + $1))
	shift

	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# A stock kernel has a tree of modules; our own have a few in their build folder.
has_modules() {
	[ -e /run/rig/kernel/release ]
}

# A module of the running kernel, by its file name without .ko; nothing to do
# when it is built in.
load() {
	local name=$1 file
	shift

	[ ! -d "/sys/module/${name//-/_}" ] || return 0
	if ! has_modules; then
		file=$(find /run/rig/kernel/drivers /run/rig/kernel/lib \
			-name "$name.ko" -print -quit)
		[ -z "$file" ] || insmod "$file" "$@"
	else
		modprobe "$name" "$@"
	fi
}

load_module() {
	local need

	if has_modules; then
		for need in dm-mod xts aes_generic aesni_intel; do
			modprobe "$need" || return
		done
	fi
	insmod "$MODULE" "$@"
}

make_ram_disk() {
	local size=$1 block=${2:-512} mode=${3:+2} n=0 dir

	load null_blk nr_devices=0 || return
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	while ! mkdir "/sys/kernel/config/nullb/rd$n" 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 64 ] || return
	done
	dir=/sys/kernel/config/nullb/rd$n
	echo $(($(numfmt --from=iec "$size") >> 20)) >"$dir/size" &&
		echo "$block" >"$dir/blocksize" &&
		echo 1 >"$dir/memory_backed" &&
		echo 1 >"$dir/discard" &&
		echo "${mode:-1}" >"$dir/irqmode" &&
		echo 1 >"$dir/power" || return
	# Older kernels name the disk by its number, newer ones like its folder.
	[ -b "/dev/rd$n" ] && echo "/dev/rd$n" || echo "/dev/nullb$(cat "$dir/index")"
}

start_kms() {
	[ -d /run/rig/kms ] || give_up "start_kms needs '# kms: pykmip' in the header"
	if [ "$RIG" = uml ]; then
		KMS_HOST=127.0.0.1 KMS_PORT=5696 KMS_CERTS=/run/kms
		[ -d "$KMS_CERTS" ] || cp -a /run/rig/kms "$KMS_CERTS" || return
		"$TREE/tests/rig/kms/pykmip.sh" start "$KMS_CERTS" $KMS_PORT || return
	else
		KMS_HOST=10.0.2.2 KMS_CERTS=/run/rig/kms
		ask_rig kms start || return
	fi
	export KMS_HOST KMS_PORT KMS_CERTS
}

stop_kms() {
	if [ "$RIG" = uml ]; then
		"$TREE/tests/rig/kms/pykmip.sh" stop "$KMS_CERTS" "$KMS_PORT"
	else
		ask_rig kms stop
	fi
}

write_config() {
	local file=${1:-/etc/hostcrypt/hostcrypt.conf}

	mkdir -p "$(dirname "$file")"
	cat >"$file" <<-END
	[provider kms]
	type = kmip
	server = ${KMS_HOST:-127.0.0.1}:${KMS_PORT:-5696}
	ca = ${KMS_CERTS:-/run/kms}/ca.pem
	certificate = ${KMS_CERTS:-/run/kms}/client.pem
	private-key = ${KMS_CERTS:-/run/kms}/client.key

	[provider local]
	type = local
	directory = /var/lib/hostcrypt/local

	[defaults]
	provider = $([ -n "${KMS_HOST:-}" ] && echo kms || echo local)
	allow-slow-cipher = $([ "$RIG" = uml ] && echo yes || echo no)
	END
}

# Ask and wait: the answer is one line, "status base64-of-output".
ask() {
	local answer n status

	if [ "$RIG" = uml ]; then
		n=$(cat /run/asked 2>/dev/null || echo 0)
		n=$((n + 1))
		echo $n >/run/asked
		send "$@"
		until [ -e "/run/rig/share/answer.$n" ]; do
			sleep 0.05
		done
		answer=$(cat "/run/rig/share/answer.$n")
	else
		send "$@"
		read -r -u 9 answer
	fi
	status=${answer%% *}
	printf '%s' "${answer#"$status"}" | base64 -di
	return "$status"
}

ask_host() {
	ask HOST "$@"
}

ask_rig() {
	ask RIG "$@"
}

reboot_guest() {
	sync
	send REBOOT
	sleep infinity
}

crash_guest() {
	sync
	send CRASH
	if [ $# = 0 ]; then
		echo 1 >/proc/sys/kernel/sysrq
		echo c >/proc/sysrq-trigger
	fi
	"$@"
	sleep 100
	give_up "there was no panic"
}

cut_power() {
	send CUT
	sleep infinity
}
