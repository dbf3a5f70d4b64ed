# about: must fail: ends early with an exit status
# rigs: uml
# uml: plain
# timeout: 30

pass before-the-exit
exit 7
