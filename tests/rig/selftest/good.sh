# about: a scenario in which all is well
# rigs: uml qemu-6.12 qemu-6.1
# uml: plain debug
# disks: 16M 8M
# timeout: 30

expect_ok writes-root touch /etc/hostcrypt-was-here
expect disk1-size 16777216 blockdev --getsize64 "$DISK1"
expect disk2-size 8388608 blockdev --getsize64 "$DISK2"
ram=$(make_ram_disk 32M 4096)
expect ram-disk-size 33554432 blockdev --getsize64 "$ram"
expect ram-disk-block 4096 blockdev --getss "$ram"
expect_fail mount-fails 32 'wrong fs type|superblock' mount "$ram" /mnt
dmsetup --noudevsync create both --table "0 2048 linear $DISK1 0" || give_up "dmsetup failed"
expect_match dm-linear 'linear' dmsetup table both
expect_match loopback 127.0.0.1 ip addr show lo
skip not-here "to see a skip"
