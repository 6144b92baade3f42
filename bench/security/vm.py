"""The VM of tests/vm/run: where attacks may run without limits."""
import os
import pathlib
import time

FIRMWARE = "/sys/firmware/qemu_fw_cfg/by_name/opt/bailiff"  # what it was told to do; no other machine has it
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
