# about: must fail: never ends
# rigs: uml
# uml: plain
# timeout: 3

pass before-it-hangs
echo "the last words"
sleep infinity
