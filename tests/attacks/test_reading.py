"""Reading and writing what belongs to the course or the machine; it is not in the sandbox."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import Attack
from .family import each

pytestmark = pytest.mark.sandbox

TRY = """
def opens(*paths, mode="rb"):
    for path in paths:
        try:
            with open(path, mode) as file:
                breach((path, mode, file.read(40) if mode == "rb" else ""))
        except OSError:
            pass

def lists(*paths):
    for path in paths:
        try:
            breach((path, os.listdir(path)))
        except OSError:
            pass
"""

ATTACKS = [
    Attack(
        "the staff key is read",
        TRY
        + """
opens("@COURSE@/secrets/staff.key", os.environ.get("CVCOURSE_SECRET", "/none"), "secrets/staff.key")
lists("@COURSE@/secrets")
""",
    ),
    Attack(
        "the gradebook is read, and every student given 99 points",
        TRY
        + """
import sqlite3
opens("@COURSE@/gradebook.db", "gradebook.db", "../gradebook.db")
try:
    book = sqlite3.connect("@COURSE@/gradebook.db")
    book.execute("update grade set score = 99")
    book.commit()
    breach("wrote the gradebook")
except sqlite3.Error:
    pass
""",
    ),
    Attack(
        "hidden checks and oracles are read",
        TRY
        + """
hidden = "@REPO@/autograder/hidden"
lists("@REPO@", "@REPO@/autograder", hidden, hidden + "/a1_classifiers")
opens(hidden + "/a1_classifiers/test_knn.py", "@REPO@/README.md")
""",
    ),
    Attack(
        "the notebook with the answers is read",
        TRY
        + """
for folder in ("@COURSE@", "@REPO@"):
    opens(folder + "/source/a1_classifiers/knn.ipynb", folder + "/release/a1_classifiers/knn.ipynb")
""",
    ),
    Attack(
        "other students' work is read",
        TRY
        + """
for folder in ("submitted", "autograded", "feedback"):
    lists("@COURSE@", "@COURSE@/" + folder, "@COURSE@/" + folder + "/bob.honest")
    opens("@COURSE@/" + folder + "/bob.honest/a1_classifiers/knn.ipynb")
""",
    ),
    Attack(
        "the whole file system is searched for notebooks, keys and checks",
        """
for top in ("/etc", "/home", "/root", "/srv", "/var", "/opt", "/mnt", "/python/bin", "/work",
            "/newroot", "/oldroot", "/run", "@COURSE@", "@REPO@", "/site/cvcourse", "/site/inside"):
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith((".ipynb", ".key", ".db")) or name.startswith("test_knn"):
                breach(os.path.join(folder, name))
for name in ("autograder", "nbgrader", "pytest", "_pytest", "sqlalchemy"):
    if os.path.exists("/site/" + name):
        breach(name)
""",
    ),
    Attack(
        "staff packages are imported",
        """
import importlib
for name in ("autograder", "autograder.hidden", "nbgrader", "pytest", "_pytest",
             "cvcourse.checks.public", "cvcourse.checks.public.knn", "cvcourse.checks.runner",
             "cvcourse.reference"):
    try:
        importlib.import_module(name)
        breach(name)
    except ImportError:
        pass
""",
    ),
    Attack(
        "links lead out of the work folder",
        TRY
        + """
os.symlink("@COURSE@", "/tmp/course")
os.symlink("/", "/tmp/root")
for root in ("/tmp/root", "/proc/self/root", "/proc/1/root", "/proc/self/cwd/.."):
    opens(root + "@COURSE@/gradebook.db")
opens("/tmp/course/gradebook.db")
for link in (os.link, os.rename):
    try:
        link("/site/numpy/__init__.py", "/tmp/numpy_init.py")
        breach(link)
    except OSError:
        pass
""",
    ),
    Attack(
        "new namespaces, mounts and roots",
        """
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x00020000, 0x10020000, 0x40000000):
    if libc.unshare(flags) == 0:
        breach(f"unshare {flags:#x}")
for name in ("proc", "tmpfs"):
    os.makedirs("/tmp/mount", exist_ok=True)
    if libc.mount(b"none", b"/tmp/mount", name.encode(), 0, None) == 0:
        breach("mount " + name)
if libc.chroot(b"/tmp") == 0 or libc.umount2(b"/tmp", 2) == 0:
    breach("chroot or umount")
clone_newuser = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
if clone_newuser == 0:
    os._exit(0)
if clone_newuser > 0:
    breach("clone with a namespace")
if libc.syscall(435, 0, 0) >= 0:
    breach("clone3")
""",
    ),
    Attack(
        "root is regained by setuid and by set-uid programs",
        """
import subprocess
for become in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0])):
    try:
        become()
        breach("root")
    except OSError:
        pass
for command in (["/usr/bin/su", "-c", "id -u"], ["/usr/bin/sudo", "-n", "id", "-u"],
                ["/usr/bin/mount", "-t", "tmpfs", "none", "/tmp"], ["/usr/bin/newgrp", "root"]):
    try:
        done = subprocess.run(command, capture_output=True, timeout=5, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            breach((command, done.stdout))
    except (OSError, subprocess.TimeoutExpired):
        pass
if os.getuid() == 0 or os.geteuid() == 0:
    breach("runs as root")
""",
    ),
    Attack(
        "files are opened by handle, past every mount",
        """
libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(struct.pack("IiII", 8, 1, 2, 0), 136)
root = os.open("/usr", os.O_RDONLY)
for number in (304, 265):
    if libc.syscall(number, root, handle, 0) >= 0:
        breach("open_by_handle_at")
mount_id = ctypes.c_int()
if libc.name_to_handle_at(root, b"usr", handle, ctypes.byref(mount_id), 0) == 0:
    breach("name_to_handle_at")
""",
    ),
    Attack(
        "device nodes of disk and memory",
        TRY
        + """
opens("/dev/mem", "/dev/kmem", "/dev/port", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/kmsg",
      "/proc/kcore", "/proc/kmsg", "/sys/kernel/notes")
for major, minor in ((254, 0), (8, 0), (1, 1)):
    try:
        os.mknod("/tmp/node", 0o600 | stat.S_IFBLK, os.makedev(major, minor))
        breach("mknod")
    except OSError:
        pass
""",
    ),
    Attack(
        "release, packages and system files are written to",
        TRY
        + """
opens("@COURSE@/release/a1_classifiers/knn.ipynb", "/site/numpy/__init__.py", "/site/evil.pth",
      "/site/sitecustomize.py", "/site/cvcourse/checks/__init__.py", "/site/inside/worker.py",
      "/python/lib/python3.11/sitecustomize.py", "/python/lib/python3.11/site-packages/evil.pth",
      "/etc/passwd", "/etc/ld.so.preload", "/usr/bin/python3", "/proc/sys/kernel/core_pattern",
      "/evil", "/dev/evil", mode="ab")
for path in sys.path:
    opens(os.path.join(path or ".", "usercustomize.py"), mode="ab")
for path in ("/site/numpy", "/usr/bin", "/etc", "/python"):
    try:
        os.chmod(path, 0o777)
        breach(path)
    except OSError:
        pass
""",
    ),
    Attack(
        "modules that shadow others lie in the work folder for whoever comes next",
        """
for folder in ("/tmp", "/dev/shm", "."):
    for name in ("numpy", "pytest", "conftest", "timeit", "json", "sitecustomize", "inside"):
        with open(f"{folder}/{name}.py", "w") as file:
            file.write("import os; os._exit(0)")
sys.path.insert(0, "/tmp")
os.environ["PYTHONPATH"] = os.environ["PYTHONSTARTUP"] = "/tmp"
""",
    ),
    Attack(
        "the environment holds something of the grader's",
        """
for name, value in os.environ.items():
    if "@COURSE@" in value or "@REPO@" in value or "SECRET" in name or "KEY" in name:
        breach((name, value))
for name in ("HOME", "PATH", "PWD"):
    if os.environ.get(name, "/tmp").startswith(("/root", "/home")):
        breach(name)
""",
    ),
]


@each(ATTACKS)
def test_nothing_of_the_course_is_reached(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
