# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
#
# For tests/host/dump*.sh: a folder to work in, and how "hostcrypt dump" is tried.

B=$(realpath "${B:-build}")
reader=$(realpath tests/dump/reader.py)
terminal=$(realpath tests/dump/terminal.py)
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit
failed=0

fail() {
	echo "FAIL $1: $2"
	failed=1
}

# expect NAME STATUS REGEX ARGUMENT...: of "hostcrypt dump"
expect() {
	local name=$1 want=$2 regex=$3 status=0
	shift 3

	"$B/hostcrypt" dump "$@" >said 2>&1 </dev/null || status=$?
	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $(head -c 500 said)"
	elif [ -n "$regex" ] && ! grep -aEq -- "$regex" said; then
		fail "$name" "no '$regex' in: $(head -c 500 said)"
	else
		echo "PASS $name"
	fi
}

# terminal NAME STATUS REGEX [PROMPT ANSWER]... -- ARGUMENT...: as expect, on a terminal;
# through the program $through with its words
through=
terminal() {
	local name=$1 want=$2 regex=$3 status=0
	shift 3

	TERM=xterm NO_COLOR=1 "$terminal" "$through $B/hostcrypt dump" "$@" >screen 2>&1 </dev/null || status=$?
	if [ $status != "$want" ]; then
		fail "$name" "exit status $status, not $want: $(head -c 500 screen)"
	elif ! grep -aEq -- "$regex" screen; then
		fail "$name" "no '$regex' in: $(head -c 500 screen)"
	else
		echo "PASS $name"
	fi
}

check() {
	local name=$1
	shift

	if "$@" >checked 2>&1; then
		echo "PASS $name"
	else
		fail "$name" "$(head -c 500 checked)"
	fi
}

# copy_with_byte FROM TO OFFSET: that byte is another
copy_with_byte() {
	cp "$1" "$2" && python3 - "$2" "$3" <<-'END'
		import sys
		with open(sys.argv[1], "r+b") as file:
		    file.seek(int(sys.argv[2]))
		    byte = file.read(1)[0]
		    file.seek(int(sys.argv[2]))
		    file.write(bytes([byte ^ 1]))
	END
}

# pair NAME [RSA]: NAME.key and NAME.pem, of X25519 unless said
pair() {
	if [ "${2-}" = RSA ]; then
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1.key" \
			2>errors || cat errors
	else
		openssl genpkey -algorithm x25519 -out "$1.key" 2>errors || cat errors
	fi
	openssl pkey -in "$1.key" -pubout -out "$1.pem"
}
