# SPDX-License-Identifier: GPL-2.0
"""Guests: start one, follow what it reports, end it, judge its console.

A scenario is a bash file with a header of comment lines:

    # about: one sentence
    # rigs: uml qemu-6.12 qemu-6.1      where it runs
    # long: qemu-debug qemu-kcsan       where it runs for "make test-long" only
    # uml: debug | plain | plain debug  which UML kernel (debug)
    # timeout: SECONDS                  120; three times that under uml-debug, and
                                        $LONG more for "make test-long"
    # mem: 1024M                        512M
    # disks: 64M 64M                    blank disks
    # bad-sectors: SECTOR...            of the first disk; QEMU only: reads and
                                        writes of them fail
    # nvme: 64M                         QEMU: a blank NVMe disk, /dev/nvme0n1
    # watchdog: yes                     QEMU: a hardware watchdog (i6300esb)
    # kms: pykmip                       a key server (QEMU: on the machine)
    # keep: yes                         a folder that outlives reboots
    # kernel: WORD...                   more for the kernel's command line
    # console-allow: REGEX              console lines that are no fault here

It reports over a channel of its own, line by line: "PASS name",
"FAIL name: why", "SKIP name: why", "NOTE text", and "END" when it is over.
A guest that ends without END, runs out of time or whose console shows a
kernel's complaint has failed, whatever it reported.
"""

import atexit
import base64
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import kcsan

RIG = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(RIG))
BUILD = os.path.join(TOP, os.environ.get("B", "build"))
LOGS = os.environ.get("TEST_LOGS") or os.path.join(BUILD, "test-logs")

# What a kernel prints when something is wrong with it.
COMPLAINT = re.compile(
    r"\bBUG:|\bBUG at |WARNING:|Call Trace|Call Backtrace|\bOops\b|KASAN:|UBSAN:"
    r"|INFO: task .* blocked|rcu.*detected.*stall|suspicious RCU usage"
    r"|possible (?:recursive|circular) locking|inconsistent lock state"
    r"|sleeping function called|refcount_t|ODEBUG:"
    r"|unreferenced object|Kernel panic|general protection|Kernel mode fault"
)

# Guests now running, for the program's own end.
LIVE = set()

UML_RIGS = ("uml-plain", "uml-debug")
QEMU_RIGS = ("qemu-6.12", "qemu-6.1")
SLOWER = {"uml-debug": 3, "qemu-6.12": 3, "qemu-6.1": 3, "qemu-debug": 6, "qemu-kcsan": 6}

# How long a scenario of "make test-long" goes on for, in seconds.
LONG = float(os.environ.get("LONG") or 200)


class RigError(Exception):
    """The rig itself could not do its work: a build failed, a tool is missing."""


class Scenario:
    """A scenario file and its header."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.name = os.path.splitext(os.path.basename(path))[0]
        header = {}
        with open(self.path, encoding="utf-8") as lines:
            for line in lines:
                match = re.match(r"# ([a-z-]+): (.*)", line)
                if match:
                    header[match[1]] = match[2].strip()
                elif line.strip() and not line.startswith("#"):
                    break
        self.about = header.get("about", "")
        self.timeout = float(header.get("timeout", 120))
        self.memory = header.get("mem", "512M")
        self.disks = header.get("disks", "").split()
        self.bad_sectors = header.get("bad-sectors", "").split()
        self.nvme = header.get("nvme", "")
        self.watchdog = header.get("watchdog") == "yes"
        self.kms = header.get("kms", "")
        self.keep = header.get("keep") == "yes"
        self.kernel_words = header.get("kernel", "").split()
        self.kunit = "kunit.enable=1" in header.get("kernel", "")
        self.allow = re.compile(header["console-allow"]) if "console-allow" in header else None
        variants = header.get("uml", "debug").split()
        self.long_rigs = header.get("long", "").split()
        self.rigs = []
        for rig in header.get("rigs", "" if self.long_rigs else "uml").split():
            if rig == "uml":
                self.rigs += ["uml-" + variant for variant in variants]
            else:
                self.rigs.append(rig)

    @property
    def companion(self):
        """The program that answers ask_host on the machine, or None."""
        path = os.path.splitext(self.path)[0] + ".host"
        return path if os.path.exists(path) else None


class Result:
    """What a run came to: (kind, name, why) per check, and what else is worth a line."""

    def __init__(self, logs):
        self.checks = []
        self.notes = []
        self.logs = logs
        self.seconds = 0
        self.cpu_seconds = 0

    def add(self, kind, name, why=""):
        self.checks.append((kind, name, why))

    def count(self, kind):
        return sum(1 for check in self.checks if check[0] == kind)

    @property
    def failed(self):
        return self.count("FAIL") > 0


ANSWERS = {}


def run_tool(*words):
    """Run one of the rig's programs; its last line of output is the answer, which
    is the same for as long as this program runs, and so is a failure."""
    if words not in ANSWERS:
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        ANSWERS[words] = done.stdout.strip().splitlines()[-1] if done.returncode == 0 else None
    if ANSWERS[words] is None:
        raise RigError(f"{os.path.relpath(words[0], TOP)} {' '.join(words[1:])} failed")
    return ANSWERS[words]


def cpu_seconds(session):
    """The processor time so far of a session's processes and their dead children."""
    ticks = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                    # Behind the name, which may hold anything, in parentheses.
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def kernel_tools(rig, kunit):
    """The programs that make what a rig boots: (kernel), (module)."""
    if rig in QEMU_RIGS:
        builder, name = "debian", rig.removeprefix("qemu-")
    else:
        builder, name = "build", rig.replace("uml-", "um-").replace("qemu-", "x86-")
    return ((os.path.join(RIG, "kernel", builder), name),
            (os.path.join(RIG, "kernel", "module"), name) + (("kunit",) if kunit else ()))


def prepare(rigs):
    """Make what the rigs, (name, with KUnit), boot, one after another; returns
    the names of those that failed. Such a rig fails each of its tests, too."""
    broken = []
    for rig, kunit in rigs:
        print(f"preparing {rig}{' with KUnit' if kunit else ''}", flush=True)
        try:
            for tool in kernel_tools(rig, kunit):
                run_tool(*tool)
        except RigError:
            broken.append(rig)
    return broken


def run_program(log, *words):
    """Run a program for its effect, its output in @log."""
    with open(log, "a", encoding="utf-8") as output:
        if subprocess.run(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                          check=False).returncode != 0:
            raise RigError(f"{os.path.relpath(words[0], TOP)} {' '.join(words[1:])} failed; "
                           f"see {os.path.relpath(log)}")


def tail(path, lines=25):
    """The last lines of a log, for a failure's report."""
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            return "".join("    " + line.rstrip() + "\n" for line in log.readlines()[-lines:])
    except OSError:
        return ""


def end_in_order(number, frame):
    """A signal that ends this program still lets it clean up."""
    sys.exit(128 + number)


for ending in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(ending, end_in_order)


def take_terminal():
    """In the child: a process group of its own, with the terminal."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


@atexit.register
def close_all():
    """Leave no guest behind, whatever ends this program."""
    for guest in list(LIVE):
        guest.close()


class Guest:
    """One guest with its folder; what the rigs have in common."""

    def __init__(self, rig, scenario, shell=False):
        self.rig = rig
        self.scenario = scenario
        self.shell = shell
        self.long = scenario is not None and rig in scenario.long_rigs
        self.boot = 0
        self.process = None
        self.kernel = self.module = None
        name = f"{scenario.name}@{rig}" if scenario else f"shell@{rig}"
        self.logs = os.path.join(LOGS, name)
        shutil.rmtree(self.logs, ignore_errors=True)
        os.makedirs(self.logs)
        LIVE.add(self)
        self.folder = tempfile.mkdtemp(prefix="hostcrypt-rig-")
        self.console = os.path.join(self.logs, "console.log")
        self.output = os.path.join(self.logs, "output.log")
        self.disks = []
        for index, size in enumerate(scenario.disks if scenario else ["256M"], 1):
            disk = os.path.join(self.folder, f"disk{index}")
            subprocess.run(["truncate", "-s", size, disk], check=True)
            self.disks.append(disk)

        self.kms = None
        if scenario.kms if scenario else os.environ.get("KMS"):
            self.kms = os.path.join(self.folder, "kms")
            os.mkdir(self.kms)
            run_program(self.output, os.path.join(RIG, "kms", "certs.sh"), self.kms)

    # What a rig provides: start(), lines(), answer(text).

    def environment(self):
        """What the guest's first program is told, beyond what its rig adds."""
        values = {"BOOT": str(self.boot), "RIG_TREE": TOP, "RIG_BUILD": BUILD,
                  "MODULE": "/run/rig/build/" + os.path.relpath(self.module, BUILD),
                  "RIG_KERNEL": self.kernel}
        if self.kms:
            values["RIG_KMS"] = self.kms
        if self.scenario:
            values["SCENARIO"] = self.scenario.name
            values["SCENARIO_FILE"] = os.path.relpath(self.scenario.path, TOP)
        if "SEED" in os.environ:
            values["SEED"] = os.environ["SEED"]
        if self.long:
            values["LONG"] = f"{LONG:.0f}"
        if self.shell:
            values["RIG_SHELL"] = "1"
            values["TERM"] = os.environ.get("TERM", "dumb")
        return values

    def write_environment(self):
        """Tell the guest's first program what it needs to know."""
        with open(os.path.join(self.folder, "env"), "w", encoding="utf-8") as file:
            for name, value in self.environment().items():
                file.write(f"{name}={value}\n")

    def log_level(self):
        """What of the kernel's log the console shows: all for a log file, what
        matters for a person."""
        return "loglevel=4" if self.shell else "loglevel=7"

    def monitor(self):
        """The socket of QEMU's monitor; UML has none."""
        return ""

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """End the guest with all its processes, as a power cut does."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def close(self):
        LIVE.discard(self)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask_companion(self, words):
        """Run the companion program; returns the line that answers the guest."""
        program = self.scenario.companion
        if program is None:
            text, status = f"{self.scenario.name} has no .host companion\n", 127
        else:
            environment = dict(os.environ, MONITOR=self.monitor(), RIG=self.rig,
                               LOGS=self.logs, FOLDER=self.folder, TREE=TOP,
                               GUEST_PID=str(self.process.pid))
            done = subprocess.run([program] + words, env=environment, text=True,
                                  stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                  stderr=open(self.output, "a", encoding="utf-8"),
                                  check=False)
            text, status = done.stdout, done.returncode
        return f"{status} {base64.b64encode(text.encode()).decode()}"

    def ask_rig(self, words):
        """A request to the rig itself: "kms start" or "kms stop"."""
        try:
            if words not in (["kms", "start"], ["kms", "stop"]):
                raise RigError(f"the rig does not know '{' '.join(words)}'")
            self.key_server(words[1])
            text, status = "", 0
        except RigError as error:
            text, status = f"{error}\n", 1
        return f"{status} {base64.b64encode(text.encode()).decode()}"

    def key_server(self, verb):
        """Start or stop a key server on the machine."""
        raise RigError("this rig's key server runs inside the guest")

    def start_again(self):
        self.kill()
        self.boot += 1
        self.start()

    def run(self, progress=lambda kind, name, why: None):
        """Run the scenario to its end; returns a Result. Never raises for the guest's faults."""
        result = Result(self.logs)
        began = time.monotonic()
        scale = SLOWER.get(self.rig, 1) * float(os.environ.get("TIMEOUT_SCALE", 1))
        limit = (self.scenario.timeout + (LONG if self.long else 0)) * scale
        deadline = began + limit
        ended = None
        crashing = False
        status = 0

        def report(kind, name, why=""):
            result.add(kind, name, why)
            progress(kind, name, why)

        self.start_again()
        log = open(os.path.join(self.logs, "channel.log"), "w", encoding="utf-8")
        while ended is None:
            alive = self.running()
            lines = self.lines()
            for line in lines:
                log.write(f"{time.monotonic() - began:8.2f} {line}\n")
                log.flush()
                word, _, rest = line.partition(" ")
                if word in ("PASS", "FAIL", "SKIP"):
                    name, _, why = rest.partition(": ")
                    report(word, name, why)
                elif word == "NOTE":
                    progress("NOTE", rest, "")
                elif word == "HOST":
                    self.answer(self.ask_companion(rest.split()))
                elif word == "RIG":
                    self.answer(self.ask_rig(rest.split()))
                elif word in ("REBOOT", "CUT"):
                    self.start_again()
                elif word == "CRASH":
                    crashing = True
                elif word == "END":
                    ended = "END"
                else:
                    report("FAIL", self.scenario.name, f"unknown line on the channel: {line!r}")
            if crashing and not alive and not lines:
                crashing = False
                self.start_again()
            elif ended is None and not alive and not lines:
                ended = "died"
                status = self.process.returncode
            elif ended is None and time.monotonic() > deadline:
                ended = "hung"
            elif not lines:
                time.sleep(0.02)
        log.close()
        if self.process:
            result.cpu_seconds = cpu_seconds(self.process.pid)
        self.kill()
        self.collect()
        if ended == "died":
            how = f"exit status {status}" if status >= 0 else f"signal {-status}"
            report("FAIL", self.scenario.name,
                   f"the guest died before the scenario's end ({how})")
        elif ended == "hung":
            report("FAIL", self.scenario.name,
                   f"no end after {limit:.0f} s; killed")
        elif not result.checks:
            report("FAIL", self.scenario.name, "the scenario checked nothing")
        complaint = self.complaint()
        if complaint:
            report("FAIL", self.scenario.name, f"the console says: {complaint}")
        for note in self.races_of_others():
            result.notes.append(note)
            progress("NOTE", note, "")
        result.seconds = time.monotonic() - began
        return result

    def collect(self):
        """Bring logs that the guest wrote elsewhere into the log folder."""

    def races(self):
        """KCSAN's reports."""
        with open(self.console, encoding="utf-8", errors="replace") as console:
            return list(kcsan.parse(console))

    def races_of_others(self):
        """A line for each race that the kernel has with itself; the whole reports
        are in a log of their own."""
        others = [race for race in self.races() if not race.ours]
        with open(os.path.join(self.logs, "races-not-ours.log"), "w", encoding="utf-8") as log:
            for race in others:
                log.write("\n".join(race.lines) + "\n")
        titles = collections.Counter(race.title for race in others)
        return [f"not ours: {title} ({count})" for title, count in titles.most_common()]

    def complaint(self):
        """The console's first line that a sound kernel does not print."""
        others = {race.lines[0] for race in self.races() if not race.ours}
        with open(self.console, encoding="utf-8", errors="replace") as console:
            for line in console:
                if COMPLAINT.search(line) and line.rstrip("\n") not in others:
                    if not (self.scenario.allow and self.scenario.allow.search(line)):
                        return line.strip()[:200]
        return None
