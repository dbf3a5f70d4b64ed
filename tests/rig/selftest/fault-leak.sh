# about: must fail: a module with a fault (leak)
# rigs: uml
# timeout: 60

expect_ok loads insmod /run/rig/build/rig-module/fault/fault.ko mode=leak
