# SPDX-License-Identifier: GPL-2.0
"""User-mode Linux: a kernel that is an ordinary process. Its root is the
machine's own file system, read-only, under an overlay."""

import os
import subprocess

from guest import RIG, Guest, kernel_tools, run_tool, take_terminal


class UmlGuest(Guest):
    """A guest under uml-plain or uml-debug."""

    def __init__(self, rig, scenario, shell=False):
        super().__init__(rig, scenario, shell)
        self.kernel, self.module = (
            run_tool(*tool) for tool in kernel_tools(rig, scenario is not None and scenario.kunit))
        self.share = os.path.join(self.folder, "share")
        self.keep = os.path.join(self.folder, "keep")
        os.mkdir(self.share)
        os.mkdir(self.keep)
        self.init = os.path.join(self.folder, "init")
        subprocess.run([os.environ.get("CC", "cc"), "-static", "-Os", "-o", self.init,
                        os.path.join(RIG, "guest", "init.c")], check=True)
        self.channel = os.path.join(self.share, "channel")
        self.read = 0
        self.rest = ""
        self.answers = 0

    def environment(self):
        values = super().environment()
        values.update(RIG="uml", UML=self.rig.removeprefix("uml-"), RIG_SHARE=self.share)
        if self.scenario is None or self.scenario.keep:
            values["RIG_KEEP"] = self.keep
        for index in range(len(self.disks)):
            values[f"DISK{index + 1}"] = "/dev/ubd" + "abcdefgh"[index]
        return values

    def start(self):
        open(self.channel, "w", encoding="utf-8").close()
        self.read, self.rest, self.answers = 0, "", 0
        for name in os.listdir(self.share):
            if name.startswith("answer."):
                os.unlink(os.path.join(self.share, name))
        self.write_environment()
        memory = self.scenario.memory if self.scenario else "1024M"
        words = ["setpriv", "--pdeathsig", "KILL", os.path.join(self.kernel, "linux"), f"mem={memory}",
                 "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={self.init}",
                 f"rig_folder={self.folder}", "con0=fd:0,fd:1", "con=null", self.log_level(), "panic=-1",
                 f"uml_dir={self.folder}", "umid=uml"]
        if self.scenario:
            words += self.scenario.kernel_words
        words += [f"ubd{index}={disk}" for index, disk in enumerate(self.disks)]
        if self.shell:
            self.process = subprocess.Popen(words, preexec_fn=take_terminal)
            return
        with open(self.console, "a", encoding="utf-8") as console:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def lines(self):
        with open(self.channel, encoding="utf-8", errors="replace") as channel:
            channel.seek(self.read)
            text = channel.read()
            self.read = channel.tell()
        self.rest += text
        *lines, self.rest = self.rest.split("\n")
        return lines

    def answer(self, text):
        self.answers += 1
        path = os.path.join(self.share, f"answer.{self.answers}")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.rename(path + ".new", path)

    def collect(self):
        output = os.path.join(self.share, "output")
        if os.path.exists(output):
            with open(output, "rb") as source, open(self.output, "ab") as target:
                target.write(source.read())
