# about: must fail: one check fails, one passes
# rigs: uml
# uml: plain
# timeout: 30

pass this-is-fine
expect_ok this-is-not false
expect_fail nor-this 3 'text' bash -c 'echo other; exit 3'
