# about: the module's KUnit suites; the rig reads their KTAP from the console
# rigs: uml qemu-kunit
# long: qemu-debug qemu-kcsan
# kernel: kunit.enable=1
# timeout: 300

expect_ok module-loads load_module
suites=${MODULE%/*}/hostcrypt_kunit.ko
[ ! -e "$suites" ] || expect_ok suites-load insmod "$suites"
[ ! -e "$suites" ] || expect_ok suites-unload rmmod hostcrypt_kunit
expect_ok module-unloads rmmod dm_hostcrypt
