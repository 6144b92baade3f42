#!/usr/bin/python3
"""Inside the VM, as root: the recipes of docs/operations.md by which an operator delegates a cgroup, run as they stand there,
and the launcher where Docker leaves cgroups to systemd. recipes_test.py [TEST…]: their names; default: all.

systemd is process 1 of a pid namespace with a cgroup of its own; Docker's engine is Debian's. Prints lines as GoogleTest
does, which tests/vm/lane counts."""
import base64
import functools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILT = TREE / "build/release"
sys.path.insert(0, str(TREE / "tests/support"))
from frames import Peer  # noqa: E402
LANE = pathlib.Path("/sys/fs/cgroup/lane")
USER = 61234

# A program that takes more memory than it may: only a cgroup ends it like that.
SPEC = {"argv": ["./hog", "main", "256"], "files": {"hog": {"base64": base64.b64encode((BUILT / "programs/hog").read_bytes()).decode(), "mode": "0755"}},
        "accept_missing": ["disk_bytes", "ipc", "mount", "net", "pid", "uts"],  # for the recipes without SYS_ADMIN
        "limits": {"memory_bytes": 64 << 20, "cpu_time_ms": 60000},
        "require": {"memory": "cgroup", "processes": "cgroup"}}


def recipe(name):
    """The block of docs/operations.md that is fenced with ```LANGUAGE NAME."""
    text = (TREE / "docs/operations.md").read_text()
    found = re.findall(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", text, re.M | re.S)
    assert len(found) == 1, f"docs/operations.md has {len(found)} recipes {name}"
    return found[0]


def wait_until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(0.1)


def held_by_a_cgroup(result, **more):
    assert result.get("status") == "MLE" and result["reason"] == "oom_kill", json.dumps(result)[:2000]
    expected = {"memory": "cgroup", "processes": "cgroup"} | more
    held = {name: result["enforced"][name] for name in expected}
    assert held == expected, held
    assert result["peak_memory"]["source"] == "cgroup" and result["peak_memory"]["bytes"] <= 64 << 20


def engine_configuration(run, data, driver, **more):
    return json.dumps({
        "hosts": [f"unix://{run}/docker.sock"], "data-root": data, "exec-root": f"{run}/exec", "pidfile": f"{run}/pid",
        "exec-opts": [f"native.cgroupdriver={driver}"], "bridge": "none", "iptables": False, "ip6tables": False,
        "ip-forward": False, "ip-masq": False} | more)


def make_image_root(root):
    """The files of an image: busybox and the supervisor."""
    for directory in ("bin", "usr/bin", "usr/lib", "etc", "tmp", "proc", "sys", "dev", "run"):
        (root / directory).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for name in ("sh", "mount", "cat"):
        (root / "bin" / name).symlink_to("busybox")
    shutil.copy(BUILT / "supervisor/bailiff-supervisor", root / "usr/bin")


class Systemd:
    """Debian's systemd with nothing of this machine's to start but a bus, and Docker's engine once it is asked for."""

    TARGET = "[Unit]\nDefaultDependencies=no\nWants=dbus.socket\nAfter=dbus.socket\n"
    START = """
        set -e
        umount /sys/fs/cgroup
        mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
        mount -t tmpfs -o mode=755 run /run
        mount -t tmpfs -o mode=755 units /etc/systemd/system
        mkdir -p /run/systemd/system
        printf '%s' "$TARGET" >/run/systemd/system/recipes.target
        exec env -i PATH="$PATH" container=vm /lib/systemd/systemd --unit=recipes.target --log-target=kmsg --show-status=no
    """

    def __enter__(self):
        self.group = LANE / "systemd"
        self.group.mkdir()
        # Process 1 alone is in the group when it becomes the root of a namespace.
        into = f'echo 0 >{self.group}/cgroup.procs && exec unshare -C bash -c "$START"'
        self.shell = subprocess.Popen(["unshare", "-pmf", "--mount-proc", "bash", "-c", into],
                                      env=os.environ | {"START": self.START, "TARGET": self.TARGET}, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.pid() and self.call("systemctl is-active recipes.target", check=False).stdout == "active\n")
        return self

    def pid(self):
        children = pathlib.Path(f"/proc/{self.shell.pid}/task/{self.shell.pid}/children").read_text().split()
        return next((pid for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text() == "systemd\n"), None)

    def enter(self):
        return ["nsenter", "-t", self.pid(), "-m", "-p", "-C"]

    def call(self, script, check=True, **options):
        done = subprocess.run([*self.enter(), "bash", "-ec", script], capture_output=True, text=True, timeout=100, **options)
        assert done.returncode == 0 or not check, f"{script}: {done.stdout}{done.stderr}"
        return done

    @functools.cached_property
    def docker(self):
        """The environment of who uses an engine with the systemd driver, and an image of the supervisor and some programs."""
        runsc = {"path": str(TREE / "build/runsc/runsc"), "runtimeArgs": ["--network=none", "--platform=ptrace"]}
        configuration = engine_configuration("/run/engine", "/srv/engine", "systemd", runtimes={"runsc": runsc})
        # On a file system with a page cache, which a tmpfs has not.
        self.call("""
            truncate -s 1G /tmp/disk; mkfs.ext4 -q /tmp/disk; modprobe -a loop ext4; mkdir -p /srv/engine /run/engine
            mount -o loop /tmp/disk /srv/engine; cat >/run/engine/daemon.json
            """, input=configuration)
        # Restart: on a busy machine dockerd gives its containerd up before that is there.
        self.call("systemd-run --unit=engine -p Delegate=yes -p Restart=on-failure $(command -v dockerd) --config-file /run/engine/daemon.json")
        environment = os.environ | {"DOCKER_HOST": "unix:///run/engine/docker.sock"}
        wait_until(lambda: self.call("docker version", check=False, env=environment).returncode == 0)
        files = " ".join(map(str, (BUILT / "supervisor/bailiff-supervisor", BUILT / "programs/burn", BUILT / "programs/hog",
                                  BUILT / "programs/slurp", BUILT / "supervisor/bailiff")))
        self.call(f"""
            mkdir -p /tmp/launcher/{{usr/bin,tmp,run,proc,dev,etc,box}}; cp {files} /tmp/launcher/usr/bin
            tar -C /tmp/launcher -c . | docker import -c 'ENTRYPOINT ["/usr/bin/bailiff-supervisor"]' -c 'LABEL bailiff.language=c' - programs
            """, env=environment)
        return environment

    def launch(self, *arguments, spec=None, env=None):
        """What `bailiff` prints, and the seconds it took."""
        begun = time.monotonic()
        done = self.call(shlex.join([str(BUILT / "supervisor/bailiff"), *arguments]), check=False, env=self.docker | (env or {}),
                         input=json.dumps(spec))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, time.monotonic() - begun

    def left(self):
        """What a launcher could have left, a line for each."""
        return self.call("""
            systemctl list-units --all --no-legend 'bailiff*.slice' 'docker-*.scope'
            find /sys/fs/cgroup /run/systemd/transient -name 'bailiff*.slice' -o -name 'docker-*.scope'
            docker ps -aq; grep -H . /run/bailiff/leases/* || :
            """, env=self.docker).stdout.splitlines()

    def nothing_is_left(self):
        end = time.monotonic() + 30  # systemd has it in its queue when the launcher ends
        while left := self.left():
            assert time.monotonic() < end, left
            time.sleep(0.1)

    @functools.cached_property
    def podman(self):
        """What `podman play kube` and the like are called by, and the image that the manifests name."""
        podman = ("podman --root /tmp/podman --runroot /run/podman --storage-driver overlay --runtime runc "
                  "--cgroup-manager systemd --events-backend file --log-level error")
        root = pathlib.Path("/tmp/pod")
        make_image_root(root)
        self.call(f"set -o pipefail; tar -C {root} -c . | {podman} import -c ENV=PATH=/usr/bin:/bin - registry.example/judge:1")
        return podman

    def play(self, manifest, spec):
        """What the container of a pod prints. Podman is below systemd's own group, else systemd could not move what it starts."""
        specs = pathlib.Path("/srv/judge")
        specs.mkdir(exist_ok=True)
        (specs / "spec.json").write_text(json.dumps(spec))
        # Podman 4.3 knows seccompProfile by the annotation it had before it was a field, and AppArmor not at all.
        seccomp = "unconfined" if "{type: Unconfined}" in manifest else "runtime/default"
        annotation = f"metadata: {{annotations: {{container.seccomp.security.alpha.kubernetes.io/bailiff: {seccomp}}}, "
        pod = pathlib.Path("/tmp/pod.yaml")
        pod.write_text(manifest.replace("metadata: {", annotation))
        # Nothing of Podman's networks is installed; its log driver would be the journal.
        try:
            self.call(f"""
                systemd-run --pipe --wait --quiet bash -ec '
                  {self.podman} play kube --network none --log-driver k8s-file {pod}; {self.podman} wait judge-bailiff' >&2
                """)
            logs = lambda: self.call(f"{self.podman} logs judge-bailiff").stdout  # noqa: E731
            wait_until(logs, 20)  # its monitor may be behind
            printed = logs()
        finally:
            self.call(f"systemd-run --pipe --wait --quiet {self.podman} play kube --down {pod}", check=False)
        assert printed.startswith("{"), printed
        return json.loads(printed)

    def __exit__(self, *_):
        (self.group / "cgroup.kill").write_text("1")
        self.shell.wait()


# Between this process' pipes and a unix socket.
RELAY = """
import os, socket, sys, threading
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
def up():
    while data := os.read(0, 65536): s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := s.recv(65536): os.write(1, data)
"""


def a_transient_unit(systemd, directory):
    answer = systemd.call("cd " + directory + "; " + recipe("systemd-run"))
    held_by_a_cgroup(json.loads(answer.stdout), net="namespace")


def a_service_for_each_connection(systemd, _):
    for name in ("bailiff.socket", "bailiff@.service"):
        systemd.call(f"cat >/etc/systemd/system/{name}", input=recipe(name))
    systemd.call("systemctl daemon-reload; systemctl start bailiff.socket")
    with Peer([*systemd.enter(), "/usr/bin/python3", "-c", RELAY, "/run/bailiff.sock"]) as peer:
        hog = (BUILT / "programs/hog").read_bytes()
        peer.open("one", files={"hog": (hog, "0755")})
        spec = {key: value for key, value in SPEC.items() if key != "files"}
        for _ in range(2):
            held_by_a_cgroup(peer.run("one", spec), net="namespace")
        assert peer.bye() == 0
    wait_until(lambda: "bailiff@" not in systemd.call("systemctl list-units 'bailiff@*' --state=active --no-legend").stdout)


def a_scope_of_a_user(systemd, directory):
    # What a login makes: the user's manager, and a session below the user's slice.
    session = (f"systemd-run --pipe --wait --quiet --uid={USER} --slice=user-{USER} -p WorkingDirectory={directory} "
               f"--setenv=XDG_RUNTIME_DIR=/run/user/{USER} bash -es")
    answer = systemd.call(f"systemctl start user@{USER}.service; {session}", input=recipe("systemd-run-user"))
    held_by_a_cgroup(json.loads(answer.stdout), uid="user_namespace")


def slot_of(result, elapsed):
    """What the host's clock counted in the slot: on the one CPU here less than went by."""
    slot = [other["ns"] for other in result["cpu_time"]["others"] if other["source"] == "slot"]
    assert len(slot) == 1 and slot[0] < elapsed * 1e9, (elapsed, result["cpu_time"])
    return slot[0]


def check_of(systemd, **environment):
    report = json.loads(systemd.launch("check", "--json", "--runtime", "runc", **environment)[0])
    return {row["name"]: row for row in report["checks"]}


def check_says_that_slots_are_slices(systemd, _):
    rows = check_of(systemd)
    slots, delegation = rows["slots"], rows["delegation to runc"]
    assert slots["good"] and slots["detail"].endswith("below bailiff_slot0.slice (systemd); memory held there"), slots
    assert delegation["good"] and delegation["detail"] == "cgroup v2, a group of the slot's", delegation
    systemd.nothing_is_left()


def without_a_bus_there_is_no_slot(systemd, _):
    nowhere = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}
    rows = check_of(systemd, env=nowhere)
    slots, delegation = rows["slots"], rows["delegation to runc"]
    assert not slots["good"] and "results are without the host's clock" in slots["detail"] and "dbus" in slots["fix"], slots
    assert not delegation["good"], delegation
    out, _ = systemd.launch("run", "--runtime", "runc", "--image", "programs", "-", spec={"argv": ["/usr/bin/burn", "plain", "1"]}, env=nowhere)
    result = json.loads(out)
    assert (result["status"], result["cpu_time"]["others"], result["enforced"]["memory"]) == ("OK", [], "sampling"), result


def a_slice_around_runc(systemd, _):
    """Its limit is above the run's, which is in a group beside the container."""
    out, elapsed = systemd.launch("run", "--runtime", "runc", "--image", "programs", "-", spec=SPEC)
    result = json.loads(out)
    held_by_a_cgroup(result, pid="namespace", net="namespace")
    assert slot_of(result, elapsed) >= result["cpu_time"]["ns"], result["cpu_time"]
    systemd.nothing_is_left()


def what_a_run_reads_of_its_image_is_not_its_memory(systemd, _):
    systemd.docker  # is there before the page cache is dropped
    systemd.call("sync; echo 3 >/proc/sys/vm/drop_caches")
    spec = {"argv": ["/usr/bin/slurp", "/usr/bin/bailiff"], "limits": {"cpu_time_ms": 60000}}
    peak = json.loads(systemd.launch("run", "--runtime", "runc", "--image", "programs", "-", spec=spec)[0])["peak_memory"]
    assert peak["source"] == "cgroup" and peak["includes"].endswith("without files read ahead"), peak
    assert peak["bytes"] < (BUILT / "supervisor/bailiff").stat().st_size / 2, peak


def a_slice_around_gvisor_holds_its_memory(systemd, _):
    spec = {"argv": ["/usr/bin/hog", "main", "500"], "limits": {"memory_bytes": 1 << 30, "cpu_time_ms": 60000}}
    out, elapsed = systemd.launch("run", "--container-memory", str(128 << 20), "--image", "programs", "-", spec=spec)
    result = json.loads(out)
    assert (result["status"], result["reason"], result["killed_by"]) == ("MLE", "container_oom", "kernel_oom"), result
    assert slot_of(result, elapsed) > 0
    systemd.nothing_is_left()


def a_launcher_that_was_killed(systemd, _):
    words = [BUILT / "supervisor/bailiff", "run", "--runtime", "runc", "--image", "programs", "-"]
    launcher = subprocess.Popen([*systemd.enter(), *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=systemd.docker)
    launcher.stdin.write(json.dumps({"argv": ["/usr/bin/burn", "plain", "60000"], "limits": {"cpu_time_ms": 60000}}).encode())
    launcher.stdin.close()
    boxes = "/sys/fs/cgroup/bailiff_slot0.slice/boxes/"
    runs = f"grep -qx 'populated 1' {boxes}cgroup.events"
    wait_until(lambda: systemd.call(runs, check=False).returncode == 0)
    assert systemd.call(f"cat {boxes}cpuset.cpus").stdout == "0\n"  # as the container beside it
    slots = check_of(systemd)["slots"]
    assert slots["good"] and "bailiff_slot1.slice" in slots["detail"] and "memory held there" in slots["detail"], slots
    assert systemd.call(runs, check=False).returncode == 0, systemd.left()
    systemd.call("kill -KILL $(pidof bailiff)")
    launcher.wait()
    left = systemd.left()
    assert any(".slice" in line for line in left) and any("/leases/" in line for line in left), left
    out, _ = systemd.launch("gc")
    assert "removed slot bailiff_slot0.slice" in out and "left " not in out, out
    systemd.nothing_is_left()


def a_pod(systemd, _):
    manifest = recipe("kubernetes-pod")
    held_by_a_cgroup(systemd.play(manifest, SPEC), pid="namespace", net="namespace", uid="lease")
    # The container's own limit is refused to it.
    grab = "if echo max >/sys/fs/cgroup/memory.max; then echo granted; exit; fi; exec bailiff-supervisor"
    assert systemd.play(manifest.replace("exec bailiff-supervisor", grab), SPEC)["status"] == "MLE"


def a_pod_of_three_capabilities(systemd, _):
    plain = recipe("kubernetes-pod").split("    command:")[0] + recipe("kubernetes-plain")
    sampled = {key: value for key, value in SPEC.items() if key != "require"}
    result = systemd.play(plain, sampled)
    held = {name: result["enforced"][name] for name in ("memory", "processes", "uid", "net", "pid")}
    assert (result["status"], held) == ("MLE", {"memory": "sampling", "processes": "rlimit", "uid": "lease",
                                                "net": "seccomp", "pid": "none"}), result


class Engine:
    """Debian's dockerd, and an image of busybox and the supervisor."""

    def __init__(self):
        self.run = pathlib.Path("/run/engine")
        self.environment = os.environ | {"DOCKER_HOST": f"unix://{self.run}/docker.sock", "IMAGE": "bailiff"}

    def __enter__(self):
        self.run.mkdir()
        (self.run / "daemon.json").write_text(engine_configuration(self.run, "/tmp/engine", "cgroupfs"))
        self.log = open(self.run / "log", "w")
        self.daemon = subprocess.Popen(["dockerd", "--config-file", self.run / "daemon.json"], stdout=self.log, stderr=self.log)
        try:
            wait_until(lambda: subprocess.run(["docker", "version"], env=self.environment, capture_output=True).returncode == 0)
        except AssertionError:
            sys.exit((self.run / "log").read_text()[-3000:])
        root = pathlib.Path("/tmp/image")
        make_image_root(root)
        subprocess.run(f"tar -C {root} -c . | docker import - bailiff", shell=True, check=True, env=self.environment,
                       stdout=subprocess.DEVNULL)
        return self

    def call(self, script, directory):
        done = subprocess.run(["bash", "-ec", script], env=self.environment, cwd=directory, capture_output=True, text=True,
                              timeout=120)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        return json.loads(done.stdout)

    def __exit__(self, *_):
        self.daemon.terminate()
        self.daemon.wait(30)


def a_slot_below_a_hard_limit(engine, directory):
    """With nothing but SETUID, SETGID and KILL: the namespaces are missing, the cgroup is there."""
    held_by_a_cgroup(engine.call(recipe("docker-slot-host") + recipe("docker-slot"), directory), uid="lease", pid="none")
    left = [str(path) for path in pathlib.Path("/sys/fs/cgroup/judge/slot1").iterdir() if path.is_dir()]
    assert left == [], left


def a_remounted_tree(engine, directory):
    held_by_a_cgroup(engine.call(recipe("docker-remount"), directory), uid="lease", pid="namespace", net="namespace")


def no_more_than_three_capabilities(engine, directory):
    sampled = {key: value for key, value in SPEC.items() if key != "require"}
    pathlib.Path(directory, "spec.json").write_text(json.dumps(sampled))
    result = engine.call(recipe("docker-plain"), directory)
    held = {name: result["enforced"][name] for name in ("memory", "processes", "uid", "net", "pid")}
    assert (result["status"], held) == ("MLE", {"memory": "sampling", "processes": "rlimit", "uid": "lease",
                                                "net": "seccomp", "pid": "none"}), json.dumps(result)[:2000]


RECIPES = [(Systemd, [a_transient_unit, a_service_for_each_connection, a_scope_of_a_user, check_says_that_slots_are_slices,
                      without_a_bus_there_is_no_slot, a_slice_around_runc,
                      what_a_run_reads_of_its_image_is_not_its_memory, a_slice_around_gvisor_holds_its_memory,
                      a_launcher_that_was_killed, a_pod, a_pod_of_three_capabilities]),
           (Engine, [a_slot_below_a_hard_limit, a_remounted_tree, no_more_than_three_capabilities])]


def main(wanted):
    unknown = set(wanted) - {test.__name__ for _, tests in RECIPES for test in tests}
    assert not unknown, f"no tests {unknown}"
    shutil.copy(BUILT / "supervisor/bailiff-supervisor", "/usr/local/bin")
    for file, line in (("/etc/passwd", f"judge:x:{USER}:{USER}::/:/bin/sh"), ("/etc/group", f"judge:x:{USER}:"),
                       ("/etc/shadow", "judge:!::0:99999:7:::")):
        with open(file, "a") as table:
            table.write(line + "\n")
    # As systemd mounts it. A mount without these options, as tests make, takes them from the whole hierarchy.
    subprocess.run(["mount", "-o", "remount,nsdelegate,memory_recursiveprot", "/sys/fs/cgroup"], check=True)
    failed = 0
    for make_host, recipes in RECIPES:
        chosen = [test for test in recipes if not wanted or test.__name__ in wanted]
        if not chosen:
            continue
        with make_host() as host:
            for test in chosen:
                begun = time.monotonic()
                with tempfile.TemporaryDirectory() as directory:
                    os.chmod(directory, 0o755)
                    pathlib.Path(directory, "spec.json").write_text(json.dumps(SPEC))
                    try:
                        test(host, directory)
                        how = "[       OK ]"
                    except Exception:  # noqa: the next recipe may work all the same
                        traceback.print_exc(file=sys.stdout)
                        subprocess.run("dmesg | tail -n 30", shell=True)
                        failed, how = failed + 1, "[  FAILED  ]"
                print(f"{how} {make_host.__name__}.{test.__name__} ({int(1000 * (time.monotonic() - begun))} ms)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
