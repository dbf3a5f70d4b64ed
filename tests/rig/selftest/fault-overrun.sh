# about: must fail: a module with a fault (overrun)
# rigs: uml
# timeout: 60

expect_ok loads insmod /run/rig/build/rig-module/fault/fault.ko mode=overrun
