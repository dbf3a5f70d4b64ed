# about: must fail: checks nothing
# rigs: uml
# uml: plain
# timeout: 30

true
