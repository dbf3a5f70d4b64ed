# about: a race, which is not our module's
# long: qemu-kcsan
# timeout: 60

expect_ok race insmod /run/rig/build/rig-module/fault-x86-kcsan/fault.ko mode=race
