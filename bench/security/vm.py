"""The VM of tests/vm/run: where attacks may run without limits."""
import os
import pathlib
import subprocess
import time

FIRMWARE = "/sys/firmware/qemu_fw_cfg/by_name/opt/bailiff"  # what it was told to do; no other machine has it
# What Debian switches off for everybody is no layer of a sandbox: an attack is tried on a host that is not hardened either.
SYSCTLS = {"kernel/unprivileged_bpf_disabled": "0", "kernel/perf_event_paranoid": "1", "kernel/dmesg_restrict": "0",
           "fs/protected_hardlinks": "0", "kernel/io_uring_disabled": "0", "vm/unprivileged_userfaultfd": "1"}
RTC = pathlib.Path("/sys/class/rtc/rtc0/since_epoch")


def in_vm():
    return os.path.isdir(FIRMWARE)


def check_clock(seconds=6):
    """Raises RuntimeError where the VM's clock runs at another pace than the machine's outside. It is set at boot by
    comparing two timers, which goes wrong on a host that is very busy in that moment; no limit means anything then."""
    if not RTC.exists():
        return
    first, begun = int(RTC.read_text()), time.monotonic()
    while int(RTC.read_text()) - first < seconds:
        time.sleep(0.05)
    pace = (time.monotonic() - begun) / seconds
    if not 0.7 < pace < 1.4:
        raise RuntimeError(f"the VM's clock runs at {pace:.1f} times the pace of its hardware's: the host was too busy as it "
                           "booted; try again")


class OrdinaryHost:
    """What an attack may find on any host: calls that are not switched off, somebody who listens, and somebody else who
    runs as the sandbox's user, as a judge's own runner may."""

    def __init__(self, uids):
        for name, value in SYSCTLS.items():
            path = pathlib.Path("/proc/sys", name)
            if path.exists():
                path.write_text(value)
        for module in ("vsock", "af_packet", "tun"):
            subprocess.run(["modprobe", "-q", module])
        subprocess.run(["mount", "-t", "mqueue", "mqueue", "/dev/mqueue"], capture_output=True)
        # The host's files are read-only to the VM, times of access too; this one becomes the VM's own.
        os.utime("/usr/share/common-licenses/Artistic", (0, 0))
        self.bystanders = [self.start("/usr/bin/python3", "-c", "import socket,time\ns=socket.socket(socket.AF_UNIX)\n"
                                      "s.bind('\\0bystander')\ns.listen()\ntime.sleep(1e6)")]
        self.bystanders += [self.start("/usr/bin/setpriv", f"--reuid={uid}", "--clear-groups", "sleep", "infinity") for uid in uids]

    @staticmethod
    def start(*argv):
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def tidy(self):
        """After an attack: what it left must not be another's success."""
        for n, process in enumerate(self.bystanders):
            if process.poll() is not None:
                self.bystanders[n] = self.start(*process.args)
        for kind, option in (("shm", "-m"), ("sem", "-s"), ("msg", "-q")):
            for line in pathlib.Path("/proc/sysvipc", kind).read_text().splitlines()[1:]:
                subprocess.run(["ipcrm", option, line.split()[1]], capture_output=True)
        for path in ("/tmp/bailiff-left", "/dev/shm/bailiff-left", "/var/tmp/bailiff-left", "/dev/mqueue/bailiff-left"):
            pathlib.Path(path).unlink(missing_ok=True)

    def end(self):
        for process in self.bystanders:
            process.kill()
            process.wait()
