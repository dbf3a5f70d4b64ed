# about: must fail: a module with a fault (warn)
# rigs: uml
# timeout: 60

expect_ok loads insmod /run/rig/build/rig-module/fault/fault.ko mode=warn
