#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "hostcrypt dump list": dumps as a capture kernel may leave them, and what else may lie
# in the folder.

set -u
cd "$(dirname "$0")/../.." || exit

# shellcheck source=tests/dump/lib.sh
source tests/dump/lib.sh

seq 1000 >log
pair x
pair rsa RSA
head -c 600000 /dev/zero | "$B/tests/tools/hc-seal" log x.pem rsa.pem >sealed
size=$(stat -c %s sealed)

# config TARGET
config() {
	printf '%s\n' '[dump]' "target = $1" '[recipient x]' "public-key = $folder/x.pem" >dump.conf
}

# line NAME REGEX: of what was said
line() {
	check "$1" grep -Eq -- "$2" said
}

# member NAME VALUE EXPRESSION: of what was said for programs, which is l
member() {
	check "$1" test "$(python3 -c "import json; l = json.load(open('said'))['list']; print($3)" \
		2>&1)" = "$2"
}

mkdir crash
config "file:$folder/crash"
expect "an empty folder" 0 "^no dumps in crash$" list crash
expect "the place that dump.conf names" 0 "^no dumps in $folder/crash$" \
	list --dump-config dump.conf
mkdir crash/lost+found
touch crash/hostcrypt-dump-state
expect "what is always there is not told" 0 '' list crash
check "but nothing more" test "$(wc -l <said)" = 1

# With an end, without, before their time, wrong in two ways; the first is the latest.
cp sealed crash/b.hcdump
head -c $((size - 1)) sealed >crash/cut.hcdump
head -c 65536 sealed >crash/header-only.hcdump
cp sealed crash/c.hcdump.part
head -c 300000 sealed >crash/d.hcdump.part
(cat sealed && echo more) >crash/more.hcdump
cp sealed crash/word.hcdump
printf '\377' | dd of=crash/word.hcdump bs=1 seek=65536 conv=notrunc status=none
expect "dumps" 0 '^TIME +HOST +KERNEL +SIZE +STATE +NAME' list crash
check "a line for each" test "$(grep -c '^20' said)" = 7
line "a whole one" "^20..-..-..T..:..:..Z  testhost  $(uname -r) +[0-9.]+ KiB  whole    b.hcdump \(test, test\)$"
line "a cut one" '  cut +cut.hcdump'
line "one with nothing in it" ' 64 KiB  cut +header-only.hcdump'
line "one that is written" '  part +c.hcdump.part'
line "the beginning of one" '  part +d.hcdump.part'
line "one with something behind it" '  damaged +more.hcdump'
line "one with a wrong length" '  damaged +word.hcdump'

# Neither of these.
head -c 1000 sealed >crash/begun.hcdump.part
copy_with_byte sealed crash/header.hcdump 20
copy_with_byte sealed crash/version.hcdump 11
echo text >crash/notes
head -c 65536 sealed >crash/b.hcdump.old-header
mkdir crash/202611250900
mkfifo crash/pipe
ln -s nowhere crash/link
touch crash/$'esc\033[31m' crash/$'csi\302\23331m'
expect "what is no dump is named" 0 '^not listed: notes: this is no encrypted dump$' list crash
check "each" test "$(grep -c '^not listed' said)" = 10
check "the dumps as before" test "$(grep -c '^20' said)" = 7
line "a part without a header" '^not listed: begun.hcdump.part: the dump ends within its header'
line "a damaged header" '^not listed: header.hcdump: the dump.s header is damaged'
line "another version" '^not listed: version.hcdump: .*version'
line "what a rewrap left" '^not listed: b.hcdump.old-header: .*rewrap'
line "a folder" '^not listed: 202611250900: a folder'
line "a pipe, which is not waited for" '^not listed: pipe: no file'
line "a link to nothing" '^not listed: link: No such file'
line "a name that would steer the terminal" '^not listed: esc\?\[31m: '
line "in two bytes, too" '^not listed: csi\?\?31m: '

expect "for programs" 0 '"version": ?1' list --json crash
member "each dump" 7 'len(l["dumps"])'
member "with what is known of it" "whole $size testhost ['test', 'test']" \
	'[" ".join(map(str, (d["state"], d["bytes"], d["host"], d["recipients"])))
	for d in l["dumps"] if d["name"] == "b.hcdump"][0]'
member "and of which kernel" "$(uname -r) 00f1e2d3c4b5a69788796a5b4c3d2e1f0f1e2d3c" \
	'l["dumps"][0]["kernel"] + " " + l["dumps"][0]["build_id"]'
member "states" '2 2 2 1' \
	'" ".join(str([d["state"] for d in l["dumps"]].count(s)) for s in ("cut", "damaged", "part", "whole"))'
member "the rest" 10 'len(l["others"])'
member "with a reason each" True 'all(o["name"] and o["problem"] for o in l["others"])'
member "the place" crash 'l["place"]'

# By time, whatever the names: the later ones are of another second.
rm -r crash
mkdir crash
cp sealed crash/z.hcdump
sleep 1.1
"$B/tests/tools/hc-seal" log x.pem </dev/null >crash/a.hcdump
cp crash/a.hcdump crash/b.hcdump
expect "by time, then by name" 0 '' list --json crash
member "the oldest first" 'z a b' '" ".join(d["name"][0] for d in l["dumps"])'

config ssh:dump@otherhost:2222/srv/dumps
expect "dumps on another host are not here" 85 \
	'another host: there, "hostcrypt dump list /srv/dumps".*ssh -p 2222 dump@otherhost ls -l /srv/dumps' \
	list --dump-config dump.conf
config volume:novolume/crash
expect "nor those in a volume that is not mounted" 85 'volume novolume, which is not mounted' \
	list --dump-config dump.conf
config block:/dev/nodevice
expect "nor those of a device that is away" 1 '/dev/nodevice' list --dump-config dump.conf
expect "a file is no folder" 2 'is no folder; "dump describe"' list sealed
expect "nor is nothing" 1 'cannot open nowhere' list nowhere
expect "one place at a time" 2 '' list crash crash
exit $failed
