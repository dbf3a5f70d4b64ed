# about: must fail: the kernel panics, as its init finds no folder and exits
# rigs: uml qemu-6.12
# uml: plain
# kernel: rig_folder=/nowhere
# timeout: 30

pass never-reached
