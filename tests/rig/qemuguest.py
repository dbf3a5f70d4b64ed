# SPDX-License-Identifier: GPL-2.0
"""QEMU guests with a stock Debian cloud kernel or one of our own: two CPUs,
the real cipher, and a memory that can be looked at from outside. The root is
the machine's own file system, shared over virtio-fs, read-only, under an
overlay; so there is no image to build."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time

from guest import QEMU_RIGS, RIG, Guest, RigError, kernel_tools, run_program, run_tool, take_terminal

# How often a boot is tried, and for how many seconds.
BOOTS = 3
BOOT_LIMIT = 240
# A CPU that this machine had no time for is no fault of the kernel's; one that stands
# still for good meets the scenario's time-out.
PATIENCE = "watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300"

NO_BOOT = re.compile(rb"\bOops\b|Kernel panic")

VIRTIOFSD = ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")


class QemuGuest(Guest):
    """A guest under qemu-6.12, qemu-6.1, qemu-kunit, qemu-debug or qemu-kcsan."""

    def __init__(self, rig, scenario, shell=False):
        super().__init__(rig, scenario, shell)
        self.kernel, self.module = (
            run_tool(*tool) for tool in kernel_tools(rig, scenario is not None and scenario.kunit))
        if rig in QEMU_RIGS:
            self.image = os.path.join(self.kernel, "vmlinuz")
        else:
            self.image = os.path.join(self.kernel, "arch/x86/boot/bzImage")
            run_tool(os.path.join(RIG, "kernel", "initrd"), self.kernel)
        self.connection = None
        self.sharer = None
        self.rest = b""
        self.keep = self.make_keep() if scenario and scenario.keep else None

        self.kms_port = 0
        if self.kms:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.kms_port = probe.getsockname()[1]

    def make_keep(self):
        """A small disk with a file system, for what must outlive a reboot."""
        disk = self.path("keep.img")
        subprocess.run(["truncate", "-s", "16M", disk], check=True)
        subprocess.run(["mke2fs", "-q", "-F", disk], check=True)
        return disk

    def path(self, name):
        return os.path.join(self.folder, name)

    def monitor(self):
        return self.path("monitor")

    def environment(self):
        values = super().environment()
        values.update(RIG=self.rig, UML="")
        if self.kms:
            values["KMS_PORT"] = str(self.kms_port)
        for index in range(len(self.disks)):
            values[f"DISK{index + 1}"] = "/dev/vd" + "abcdefgh"[index]
        if self.keep:
            values["RIG_KEEP"] = "/dev/vd" + "abcdefgh"[len(self.disks)]
        return values

    def share_root(self):
        """Start the program that serves the machine's root to the guest."""
        program = next((path for path in VIRTIOFSD if os.path.exists(path)), None)
        if program is None:
            raise RigError("no virtiofsd here; install qemu-system-common or virtiofsd")
        if program == VIRTIOFSD[0]:
            options = ["-o", "source=/", "-o", "sandbox=chroot", "-o", "cache=always",
                       "-o", "no_writeback", "-f"]
        else:
            options = ["--shared-dir", "/", "--sandbox", "none", "--cache", "always"]
        log = open(os.path.join(self.logs, "virtiofsd.log"), "a", encoding="utf-8")
        # A socket that listens before QEMU is started: there is nothing to wait for.
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path("root.sock"))
            listener.listen()
            self.sharer = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, f"--fd={listener.fileno()}"] + options,
                pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def connect(self):
        """The channel. QEMU makes the socket first and listens a moment later."""
        self.connection = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + 30
        while self.connection.connect_ex(self.path("channel")):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RigError(f"{self.process.args[3]} did not start; see {self.logs}")
            time.sleep(0.02)
        self.connection.setblocking(False)
        self.rest = b""

    def key_server(self, verb):
        if not self.kms:
            raise RigError("the scenario's header has no 'kms:' line")
        run_program(self.output, os.path.join(RIG, "kms", "pykmip.sh"), verb, self.kms,
                    str(self.kms_port))

    def close(self):
        if self.kms:
            try:
                self.key_server("stop")
            except RigError:
                pass
        super().close()

    def processors(self):
        """QEMU's words for the guest's CPUs and how they are run."""
        accel = os.environ.get("ACCEL", "tcg")
        # Our own kernels are without ACPI, and the table that was before it names
        # one CPU of each socket.
        count = "2" if self.rig in QEMU_RIGS else "2,sockets=2"
        if accel == "tcg":
            return ["-smp", count, "-accel", "tcg,thread=multi", "-cpu", "max"]
        return ["-smp", count, "-accel", accel, "-cpu", "host"]

    def drive(self, disk):
        """QEMU's words for a disk. Where sectors are bad, requests stay as the
        guest made them, and an error does not stop the guest."""
        bad = self.scenario.bad_sectors if self.scenario and disk == self.disks[0] else []
        if not bad:
            return ["-drive", f"file={disk},format=raw,if=virtio"]
        rules = "".join(f",file.inject-error.{n}.event=none,file.inject-error.{n}.sector={sector}"
                        f",file.inject-error.{n}.errno=5" for n, sector in enumerate(bad))
        return ["-drive", "if=none,id=bad,driver=raw,file.driver=blkdebug,"
                          f"file.image.driver=file,file.image.filename={disk}{rules}",
                "-device", "virtio-blk-pci,drive=bad,request-merging=off,"
                           "rerror=report,werror=report"]

    def start(self):
        """Boot. Before the first program of ours, the emulator is to blame for what
        goes wrong: on a busy machine QEMU 7.2 now and then loses an interrupt or
        executes an instruction that the kernel has since replaced. Then the boot, not
        the scenario, is done again; its log is kept."""
        for attempt in range(1, BOOTS + 1):
            before = os.path.getsize(self.console) if os.path.exists(self.console) else 0
            self.launch()
            if self.shell or attempt == BOOTS or self.booted(before):
                return
            self.kill()
            with open(os.path.join(self.logs, f"no-boot-{attempt}.log"), "wb") as log:
                log.write(self.console_from(before))
            with open(self.console, "ab") as console:
                console.truncate(before)
            print(f"{self.rig}: the guest did not boot; see "
                  f"{os.path.relpath(log.name)}; once more", file=sys.stderr, flush=True)

    def console_from(self, start):
        """What is on the console from there on. QEMU's sockets can be connected to
        before its next words have made the console's file."""
        try:
            with open(self.console, "rb") as console:
                console.seek(start)
                return console.read()
        except FileNotFoundError:
            return b""

    def booted(self, before):
        """Has the kernel come to its first program, without an oops?"""
        end = time.monotonic() + BOOT_LIMIT
        while self.running() and time.monotonic() < end:
            text = self.console_from(before)
            if NO_BOOT.search(text):
                return False
            if b"Run /init as init process" in text:
                return True
            time.sleep(0.1)
        return False

    def launch(self):
        self.write_environment()
        self.share_root()
        memory = self.scenario.memory if self.scenario else "1024M"
        more = " ".join(self.scenario.kernel_words) if self.scenario else ""
        words = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot",
                 "-machine", "pc,memory-backend=ram", "-m", memory,
                 "-object", f"memory-backend-memfd,id=ram,size={memory},share=on",
                 *self.processors(),
                 "-kernel", self.image, "-initrd", os.path.join(self.kernel, "initrd"),
                 "-append", f"console=ttyS0 {self.log_level()} panic=-1 {PATIENCE} "
                            f"rig_folder={self.folder} {more}",
                 "-display", "none",
                 "-monitor", f"unix:{self.path('monitor')},server=on,wait=off",
                 "-chardev", f"socket,id=root,path={self.path('root.sock')}",
                 "-device", "vhost-user-fs-pci,chardev=root,tag=rig-root",
                 "-device", "virtio-serial-pci",
                 "-chardev", f"socket,id=channel,path={self.path('channel')},server=on,wait=off",
                 "-device", "virtserialport,chardev=channel,name=rig.channel",
                 "-chardev", f"file,id=output,path={self.output},append=on",
                 "-device", "virtserialport,chardev=output,name=rig.output",
                 "-device", "virtio-rng-pci",
                 "-nic", "user,model=virtio-net-pci"]
        for disk in self.disks + ([self.keep] if self.keep else []):
            words += self.drive(disk)
        if self.scenario and self.scenario.nvme:
            disk = self.path("nvme.img")
            subprocess.run(["truncate", "-s", self.scenario.nvme, disk], check=True)
            words += ["-drive", f"file={disk},format=raw,if=none,id=nvme",
                      "-device", "nvme,drive=nvme,serial=1"]
        if self.scenario and self.scenario.watchdog:
            words += ["-device", "i6300esb"]
        if self.shell:
            words += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
            self.process = subprocess.Popen(words, preexec_fn=take_terminal)
        else:
            words += ["-chardev", f"file,id=console,path={self.console},append=on",
                      "-serial", "chardev:console"]
            log = open(os.path.join(self.logs, "qemu.log"), "a", encoding="utf-8")
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        self.connect()

    def lines(self):
        try:
            while True:
                data = self.connection.recv(65536)
                if not data:
                    break
                self.rest += data
        except (BlockingIOError, ConnectionResetError):
            pass
        *lines, self.rest = self.rest.split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def answer(self, text):
        self.connection.setblocking(True)
        self.connection.sendall(text.encode() + b"\n")
        self.connection.setblocking(False)

    def kill(self):
        super().kill()
        if self.connection:
            self.connection.close()
            self.connection = None
        if self.sharer:
            self.sharer.kill()
            self.sharer.wait()
            self.sharer = None
        for name in ("monitor", "channel", "root.sock"):
            # A run that is stopped may end its guests from two places at once.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path(name))
