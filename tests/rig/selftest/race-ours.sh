# about: must fail: a race in a module of the name of ours
# long: qemu-kcsan
# timeout: 60

expect_ok race insmod /run/rig/build/rig-module/fault-x86-kcsan/dm_hostcrypt.ko mode=race
