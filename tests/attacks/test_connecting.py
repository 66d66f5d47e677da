"""Reaching out by network and sockets; there is no network, and no socket but the worker's own."""

from __future__ import annotations

import pytest

from .arena import Arena
from .attack import Attack
from .family import each

pytestmark = pytest.mark.sandbox

ATTACKS = [
    Attack(
        "a connection to a server of the same machine",
        """
for family, address in ((socket.AF_INET, ("127.0.0.1", @PORT@)),
                        (socket.AF_INET6, ("::1", @PORT@)),
                        (socket.AF_INET, ("10.0.2.2", @PORT@))):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(address)
            breach(address)
    except OSError:
        pass
""",
    ),
    Attack(
        "datagrams, names and raw packets",
        """
import socket as s
for family, kind in ((s.AF_INET, s.SOCK_DGRAM), (s.AF_INET, s.SOCK_RAW), (s.AF_PACKET, s.SOCK_RAW),
                     (s.AF_NETLINK, s.SOCK_RAW), (s.AF_INET6, s.SOCK_DGRAM), (40, s.SOCK_STREAM),
                     (38, s.SOCK_SEQPACKET), (16, s.SOCK_DGRAM), (44, s.SOCK_RAW)):
    try:
        breach((family, kind, s.socket(family, kind)))
    except OSError:
        pass
try:
    breach(s.getaddrinfo("example.org", 80))
except OSError:
    pass
""",
    ),
    Attack(
        "a download by urllib, pip and curl",
        """
import subprocess, urllib.request
try:
    urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=1)
    breach("urllib")
except OSError:
    pass
for command in (["curl", "-m", "1", "http://127.0.0.1:@PORT@/"],
                ["bash", "-c", "exec 5<>/dev/tcp/127.0.0.1/@PORT@ && echo open"]):
    try:
        done = subprocess.run(command, capture_output=True, timeout=3, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            breach(command)
    except (OSError, subprocess.TimeoutExpired):
        pass
""",
    ),
    Attack(
        "unix sockets of the machine's services",
        """
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket",
             "/run/systemd/private", "/tmp/.X11-unix/X0", "/run/user/0/bus", "/dev/log",
             "/run/containerd/containerd.sock"):
    for name in (path, "\\0" + path):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(name)
                breach(name)
        except OSError:
            pass
""",
    ),
    Attack(
        "a server is left running for the next submission",
        """
if os.fork() == 0:
    name_process()
    server = socket.socket(socket.AF_UNIX)
    server.bind("\\0left-for-the-next")
    server.listen()
    time.sleep(1000)
with socket.socket(socket.AF_UNIX) as client:
    client.setblocking(False)
    try:
        client.connect("\\0left-for-the-others")
        breach("the server of an earlier one")
    except OSError:
        pass
""",
    ),
    Attack(
        "system calls that go round the filter",
        """
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0:
    breach("io_uring_setup")
child = os.fork()  # the filter may kill whoever makes a system call of another machine
if child == 0:
    os._exit(7 if libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0 else 0)
if os.waitpid(child, 0)[1] == 7 << 8:
    breach("socket by the numbers of x32")
if libc.syscall(41, 2, 1, 0) >= 0:
    breach("socket")
if libc.syscall(41, (1 << 32) + 2, 1, 0) >= 0:
    breach("socket with high bits")
if libc.syscall(323, 0) >= 0:
    breach("userfaultfd")
""",
    ),
    Attack(
        "descriptors are passed to the grader, hundreds at once",
        """
sent = 0
for descriptor in channels():
    channel = socket.socket(fileno=os.dup(descriptor))
    channel.setblocking(False)
    for _ in range(50):
        try:
            null = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
            socket.send_fds(channel, [frame(b'{"arrays": [], "value": null}')[:0] or b""], null)
            sent += 1
        except OSError:
            break
        finally:
            for number in null:
                os.close(number)
    channel.close()
""",
        {
            "knn-q6": """
def best_k(accuracies):
    channel = socket.socket(fileno=os.dup(max(channels())))
    null = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
    for _ in range(5):
        socket.send_fds(channel, [frame(b'{"arrays": [], "value": {"d": [["value", 0]]}}')], null)
    return min(accuracies)
"""
        },
    ),
]


@each(ATTACKS)
def test_there_is_nobody_to_talk_to(arena: Arena, attack: Attack) -> None:
    arena.withstands(attack)


def test_the_others_are_graded_as_always(arena: Arena) -> None:
    arena.grades_as_always()
