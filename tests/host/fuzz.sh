#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A short run of the fuzzers in tests/fuzz, the same each time, with
# AddressSanitizer and UndefinedBehaviorSanitizer. For a long one:
#
#   RUNS=-1 SECONDS_EACH=3600 tests/host/fuzz.sh
#
# What made a fuzzer fail is kept in build/fuzz/NAME-crash.

set -u
cd "$(dirname "$0")/../.." || exit

runs=${RUNS:-200000}
limit=${SECONDS_EACH:-8}
out=${B:-build}/fuzz
failed=0

for clang in clang-14 clang ''; do
	[ -n "$clang" ] || { echo "SKIP fuzzers: clang is not installed"; exit 0; }
	! command -v "$clang" >/dev/null || break
done

sources=(userspace/kmip/{ttlv_read,ttlv_write,protocol,text,request,answer,payload}.c
	userspace/base/{error,secret}.c)
header_sources=(userspace/volume/{header,token,mac}.c userspace/kernel/control.c
	userspace/base/{error,secret,json}.c)
dump_header_sources=(userspace/dump/{header,entry,recipient,scrypt,gcm,vmcoreinfo}.c
	userspace/provider/rsa.c userspace/base/{error,secret,json,file}.c)
dump_frames_sources=("${dump_header_sources[@]}"
	userspace/dump/{reader,unlock,shape,unflatten}.c)
flags=(-std=gnu11 -O1 -g -D_GNU_SOURCE "-DHC_VERSION=\"fuzz\"" -Iuserspace -Imodule -fno-omit-frame-pointer
	"-fsanitize=address,undefined" -fno-sanitize-recover=undefined)

# compile NAME SOURCE-OR-LIBRARY...
compile() {
	local name=$1
	shift

	"$clang" "${flags[@]}" -fsanitize=fuzzer -o "$out/$name" "tests/fuzz/$name.c" "$@" -lcrypto
}

build() {
	mkdir -p "$out"/{ttlv,answer,header}-corpus &&
		"$clang" "${flags[@]}" -o "$out/seeds" tests/fuzz/seeds.c "${sources[@]}" -lcrypto &&
		"$out/seeds" "$out"/{ttlv,answer}-corpus &&
		cp tests/fuzz/header.json "$out/header-corpus" &&
		python3 tests/fuzz/dump_seeds.py "$out"/dump_{header,frames}-corpus &&
		compile ttlv "${sources[@]}" &&
		compile answer "${sources[@]}" &&
		compile header "${header_sources[@]}" -lcryptsetup -ljson-c &&
		compile dump_header "${dump_header_sources[@]}" -ljson-c &&
		compile dump_frames "${dump_frames_sources[@]}" -ljson-c
}

fuzz() {
	local log=$out/$1.log

	if "$out/$1" -seed=1 -runs="$runs" -max_total_time="$limit" -max_len=2048 -timeout=5 \
		-artifact_prefix="$out/$1-crash-" "$out/$1-corpus" >"$log" 2>&1; then
		echo "PASS fuzz $1 ($(grep -o 'Done [0-9]* runs' "$log"))"
	else
		echo "FAIL fuzz $1: $(grep -m1 -E 'ERROR|runtime error|ABRT' "$log"), see $log"
		failed=1
	fi
}

rm -rf "$out"
if ! build >&2; then
	echo "FAIL fuzzers: they do not build"
	exit 1
fi
fuzz ttlv
fuzz answer
fuzz header
fuzz dump_header
fuzz dump_frames
exit $failed
