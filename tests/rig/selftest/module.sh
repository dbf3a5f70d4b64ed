# about: the module loads, serves one device and unloads
# rigs: uml qemu-6.12 qemu-6.1
# uml: plain debug
# timeout: 60

expect_ok loads load_module
expect_ok device-node test -c /dev/hostcrypt
expect_match target 'hostcrypt' dmsetup targets
expect_ok unloads rmmod dm_hostcrypt

# A later module at the addresses of an earlier one is no false alarm.
for ((i = 0; i < 25; i++)); do
	load_module || break
	insmod /run/rig/kernel/drivers/block/brd.ko rd_nr=1 rd_size=$((i + 8)) 2>/dev/null && rmmod brd
	rmmod dm_hostcrypt || break
done
expect loads-again-and-again 25 echo $i
