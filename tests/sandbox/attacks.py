"""What a hostile command tries. Each is Python that prints LEAKED where it got what it must not get.

The names in braces are filled in: ``outside``, a folder of the person beside the workspace that holds
``secret.txt``; ``root``, the workspace; ``pid``, a process of the person, with SECRET in its environment;
``tcp`` and ``udp``, ports at which it listens; ``token``, a word to find survivors by. What is written
outside, or to the workspace itself, or survives, is seen from outside.
"""

ATTACKS = {
    "write outside by an absolute path": 'open("{outside}/planted", "w").write("x")',
    "write outside by ..": 'open("../outside/planted", "w").write("x")',
    "write through a link": """
os.symlink("{outside}", "door")
open("door/planted", "w").write("x")
""",
    "write through a hard link": """
os.link("{outside}/secret.txt", "alias")
open("alias", "a").write("x")
""",
    "overwrite a file of the workspace": 'open("{root}/a.txt", "w").write("x")',
    "delete the workspace": 'import shutil; shutil.rmtree("{root}")',
    "plant a git hook": 'open(".git/hooks/pre-commit", "w").write("x")',
    "point git at a program": 'open(".git/config", "a").write("[core]\\n\\tfsmonitor = evil\\n")',
    "plant a nested git hook": """
os.makedirs("sub/.git/hooks")
open("sub/.git/hooks/pre-commit", "w").write("x")
""",
    "plant an editor task": """
os.makedirs(".vscode")
open(".vscode/tasks.json", "w").write("x")
""",
    "change the rights of a file": 'os.chmod("{root}/a.txt", 0o777)',
    "change the time of a file": 'os.utime("{root}/a.txt", (1, 1))',
    "change the attributes of a file": 'os.setxattr("{root}/a.txt", "user.planted", b"x")',
    "read a secret outside": 'leak(open("{outside}/secret.txt").read())',
    "read a secret of the workspace": 'leak(open(".env").read())',
    "read a key of the workspace": 'leak(open("deploy/id_rsa").read())',
    "read the passwords of git": 'leak(open(".git/config").read())',
    "read a secret through a link": """
os.symlink("{outside}/secret.txt", "door")
leak(open("door").read())
""",
    "read the root of a process outside": """
for pid in (1, {pid}):
    try:
        leak(open("/proc/%s/root{outside}/secret.txt" % pid).read())
    except OSError:
        pass
""",
    "read the environment": "leak(str(dict(os.environ)))",
    "read the environment of a process outside": """
for pid in (1, {pid}):
    try:
        leak(open("/proc/%s/environ" % pid).read())
    except OSError:
        pass
""",
    "read the environment of everybody": """
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        leak(open("/proc/%s/environ" % pid).read())
    except OSError:
        pass
""",
    "read inherited descriptors": """
for fd in range(3, 64):
    try:
        leak(os.pread(fd, 100, 0).decode())
    except OSError:
        pass
""",
    "see a process of the person": 'open("/proc/{pid}/cmdline").read(); leak("SECRET")',
    "signal a process of the person": 'os.kill({pid}, 0); leak("SECRET")',
    "connect over TCP": """
socket.create_connection(("127.0.0.1", {tcp}), 3)
leak("SECRET")
""",
    "send over UDP": """
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.sendto(b"hello", ("127.0.0.1", {udp}))
leak(s.recv(100).decode())
""",
    "connect to a socket of the person": """
s = socket.socket(socket.AF_UNIX)
s.connect("{outside}/socket")
leak("SECRET")
""",
    "connect to a socket in the workspace": """
s = socket.socket(socket.AF_UNIX)
s.connect("socket")
leak("SECRET")
""",
    "connect to an abstract socket": """
s = socket.socket(socket.AF_UNIX)
s.connect("\\0{token}")
leak("SECRET")
""",
    "make an odd socket": """
try:
    socket.socket(40, socket.SOCK_STREAM)
    leak("SECRET")
except PermissionError:
    pass
except OSError:
    leak("SECRET")
""",
    "read shared memory of the person": 'leak(open("/dev/shm/{token}").read())',
    "make a user namespace": "allowed(libc.unshare(0x10000000))",
    "clone into a user namespace": """
pid = libc.syscall({clone}, 0x10000000 | 17, 0, 0, 0, 0)
if pid == 0:
    os._exit(0)
allowed(pid)
""",
    "use io_uring": "allowed(libc.syscall(425, 1, 0))",
    "use kernel keys": "allowed(libc.syscall({keyctl}, 0, -3, 0))",
    "fault in user space": "allowed(libc.syscall({userfaultfd}, 1))",
    "type into the terminal": """
import fcntl
try:
    fcntl.ioctl(0, 0x5412, b"x")
except PermissionError:
    raise
except OSError:
    leak("SECRET")
""",
    "gain rights by a set-uid program": """
status = open("/proc/self/status").read()
if "NoNewPrivs:\\t0" in status:
    leak("SECRET")
""",
    "outlive the command": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execv("/usr/bin/python3", ["{token}", "-c", "import time; time.sleep(30)"])
    os._exit(0)
""",
}

PRELUDE = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def leak(text):
    if "SECRET" in text:
        print("LEAKED")
def allowed(result):
    if result >= 0 or ctypes.get_errno() not in (1, 38):
        print("LEAKED")
"""
