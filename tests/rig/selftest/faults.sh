# about: must fail: modules with faults, one after another
# long: qemu-debug
# timeout: 60

module=/run/rig/build/rig-module/fault-x86-debug/fault.ko
for mode in leak use-after-free atomic-sleep lock-order; do
	expect_ok $mode insmod $module mode=$mode
	rmmod fault
done
