# about: must pass: the kernel's warning was asked for
# rigs: uml
# uml: plain
# timeout: 30
# console-allow: made/up.c

echo '<4>WARNING: CPU: 0 PID: 1 at made/up.c:1 by the test' >/dev/kmsg
pass all-is-fine
