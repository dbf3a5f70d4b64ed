# about: must fail: all checks pass, but the kernel warned
# rigs: uml
# uml: plain
# timeout: 30

echo "a program's WARNING: is no fault"
echo '<4>WARNING: CPU: 0 PID: 1 at made/up.c:1 by the test' >/dev/kmsg
pass all-is-fine
