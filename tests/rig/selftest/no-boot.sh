# about: must fail: a kernel that finds nothing to boot
# rigs: qemu-6.12
# kernel: rdinit=/nowhere
# timeout: 60

pass "it was reached"
