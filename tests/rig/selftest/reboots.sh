# about: a reboot and a power cut keep the disks and KEEP, nothing else
# rigs: uml qemu-6.12
# uml: plain
# disks: 8M
# keep: yes
# timeout: 60

case $BOOT in
1)
	echo from-boot-1 >"$KEEP/note"
	echo on-disk | dd of="$DISK1" conv=fsync status=none
	touch /etc/gone-tomorrow
	pass first-boot
	reboot_guest
	;;
2)
	expect keep-after-reboot from-boot-1 cat "$KEEP/note"
	expect disk-after-reboot on-disk head -n 1 "$DISK1"
	expect_fail root-is-new any '' test -e /etc/gone-tomorrow
	cut_power
	;;
3)
	expect disk-after-cut on-disk head -n 1 "$DISK1"
	;;
esac
