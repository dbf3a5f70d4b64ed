# about: the companion on the machine answers
# rigs: uml qemu-6.12
# uml: plain
# timeout: 60

expect answer "you said: two words" ask_host say two words
expect_fail refusal 3 'no such word' ask_host nonsense
if [ "$RIG" != uml ]; then
	expect_match monitor 'VM status: running' ask_host status
fi
