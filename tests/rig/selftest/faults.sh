# about: must fail: modules with faults, one after another
# long: qemu-debug
# timeout: 60
#
# KASAN's report switches lockdep off: it comes after lockdep's.

module=/run/rig/build/rig-module/fault-x86-debug/fault.ko
for mode in leak lock-order atomic-sleep use-after-free; do
	expect_ok $mode insmod $module mode=$mode
	rmmod fault
done
