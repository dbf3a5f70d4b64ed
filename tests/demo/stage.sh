# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# How the demo speaks: steps, prose, commands with their real output, checks.
# Sourced. Needs $VM (how to reach the VM) and sets $OUT, the last output, $checks,
# how many checks held, and $failed.
#
# Colours and moving lines only on a terminal, and not with NO_COLOR set.

WIDTH=78
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' CYAN=$'\e[36m' OFF=$'\e[0m'
	MOVING=$'\r\e[K'
else
	BOLD='' DIM='' RED='' GREEN='' CYAN='' OFF='' MOVING=''
fi
case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
*[uU][tT][fF]8 | *[uU][tT][fF]-8) BAR=│ YES=✓ NO=✗ RULE=─ DOTS=… ;;
*) BAR='|' YES=ok: NO=NO: RULE=- DOTS=... ;;
esac

step_number=0

clock() {
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# step TITLE - a new step, with the time since the start.
step() {
	local title=" $((++step_number))  $1 " now rule=''
	after_say=no
	now=" $(clock)"
	while [ $((${#title} + ${#rule} + ${#now})) -lt $WIDTH ]; do
		rule+=$RULE
	done
	printf '\n%s%s%s%s%s%s\n' "$BOLD" "$title" "$OFF$DIM" "$rule" "$now" "$OFF"
}

# say TEXT... - a paragraph, with one empty line on each side.
say() {
	[ $after_say = yes ] || echo
	fold -s -w $((WIDTH - 2)) <<<"$*" | sed 's/^/  /; s/ *$//'
	echo
	after_say=yes
}
after_say=no

# Text on standard input as some command's output. A terminal gets no line that
# it would break at its edge.
show() {
	local columns

	columns=$([ ! -t 1 ] || tput cols 2>/dev/null) || :
	if [ "${columns:-0}" -gt 20 ]; then
		fold -s -w $((columns - 4))
	else
		cat
	fi | sed "s/^/  $DIM$BAR$OFF /"
}

# doing WORDS COMMAND... - something that takes a while and is not watched.
# Its output goes to $LOG; a failure ends the demo.
doing() {
	local words=$1 start=$SECONDS pid status=0
	after_say=no
	shift

	# In a process group of its own, which clean_up can end as a whole.
	set -m
	"$@" </dev/null >>"$LOG" 2>&1 &
	set +m
	pid=$!
	UNDER_WAY=$pid
	while [ -n "$MOVING" ] && kill -0 $pid 2>/dev/null; do
		printf '%s  %s%s%s %d s%s' "$MOVING" "$DIM" "$words" "$DOTS" \
			$((SECONDS - start)) "$OFF"
		sleep 0.5
	done
	wait $pid || status=$?
	UNDER_WAY=
	if [ $status != 0 ]; then
		printf '%s' "$MOVING"
		tail -n 20 "$LOG" | show
		fail "$words"
	fi
	printf '%s  %s%s, %d s%s\n' "$MOVING" "$DIM" "$words" $((SECONDS - start)) "$OFF"
}

# The process group of what doing() has under way.
# shellcheck disable=SC2034 # read by run
UNDER_WAY=

prompt() {
	after_say=no
	printf '  %s%s%s %s%s%s\n' "$CYAN" "$1" "$OFF" "$BOLD" "$2" "$OFF"
}

# shown STATUS-WANTED RUNNER COMMAND - run it, show what it says.
shown() {
	local wanted=$1 status=0
	shift

	OUT=$("$@" 2>&1) || status=$?
	[ -z "$OUT" ] || show <<<"$OUT"
	if [ "$wanted" != any ] && [ $status != "$wanted" ]; then
		fail "the command above ended with status $status, not $wanted"
	fi
}

# guest COMMAND [STATUS] - typed on the VM; must end with STATUS (0).
guest() {
	prompt 'kvmhost #' "$1"
	shown "${2:-0}" "$VM" "$DIR" run "exec 2>&1; $1"
}

# here COMMAND [STATUS] - typed on this machine, in the demo's folder.
here() {
	prompt 'here $' "$1"
	shown "${2:-0}" bash -c "cd '$DIR' && $1"
}

# check WORDS COMMAND... - WORDS must be true: COMMAND succeeds.
check() {
	local words=$1
	after_say=no
	shift

	if "$@" >/dev/null 2>&1; then
		printf '  %s%s%s %s\n' "$GREEN" "$YES" "$OFF" "$words"
		checks=$((checks + 1))
	else
		fail "$words"
	fi
}
checks=0

# The last output has a line that matches.
said() {
	grep -qE -- "$1" <<<"$OUT"
}

# fail WORDS - reality differs: say so, keep the logs, end.
fail() {
	printf '\n  %s%s %s%s\n' "$RED" "$NO" "$1" "$OFF"
	failed=yes
	exit 1
}
# shellcheck disable=SC2034 # read by run
failed=no
