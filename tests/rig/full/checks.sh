# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the tests with a full VM report and how. Sourced, after lib.sh.
#
# Sets $failed, with which the test exits; needs $DIR.

# shellcheck disable=SC2034 # used by those who source this
failed=0
began=$SECONDS

pass() {
	echo "PASS $1 ($((SECONDS - began)) s)"
}

# Without its VM the test is over.
fail() {
	echo "FAIL $1: $(tail -n 6 <<<"$2" | tr '\n' '|')"
	failed=1
	"$VM" "$DIR" alive || { "$VM" "$DIR" console 40; exit 1; }
}

# What cannot be gone on from.
give_up() {
	echo "--- console"
	"$VM" "$DIR" console 40
	fail "$1" "$2"
	exit 1
}

# check NAME COMMAND... - COMMAND succeeds
check() {
	local name=$1 output
	shift

	if output=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "$output"
	fi
}

not() {
	! "$@"
}

# guest COMMAND - its output, of both kinds, and exit status
guest() {
	"$VM" "$DIR" run --timeout 400 "exec 2>&1; $1"
}

# says NAME REGEX COMMAND - the guest's COMMAND prints a line like that
says() {
	local output

	output=$(guest "$3")
	if grep -Eq -- "$2" <<<"$output"; then
		pass "$1"
	else
		fail "$1" "no '$2' in: $output"
	fi
}

# becomes NAME SECONDS COMMAND [EXPLAIN] - within that time the guest's COMMAND
# succeeds; else what its EXPLAIN prints is part of the failure
becomes() {
	local end=$((SECONDS + $2))

	until guest "$3" >/dev/null; do
		if [ $SECONDS -ge $end ]; then
			fail "$1" "not within $2 s; $(guest "${4:-hostcrypt status}")"
			return
		fi
		sleep 0.5
	done
	pass "$1"
}
