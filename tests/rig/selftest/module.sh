# about: the module loads, serves one device and unloads
# rigs: uml qemu-6.12 qemu-6.1
# uml: plain debug
# timeout: 60

expect_ok loads load_module
expect_ok device-node test -c /dev/hostcrypt
expect_match target 'hostcrypt' dmsetup targets
expect_ok unloads rmmod dm_hostcrypt
