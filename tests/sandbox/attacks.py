"""What a hostile command tries. Each is Python that prints LEAKED where it got what it must not get.

The names in braces are filled in: ``outside``, a folder of the person beside the workspace that holds
``secret.txt``; ``root``, the workspace; ``pid``, a process of the person, with SECRET in its environment;
``tcp`` and ``udp``, ports at which it listens; ``memory``, the number of its shared memory; ``token``, a word
to find survivors by. ``gate`` in the workspace is a link to ``outside``. What is written outside, or to the
workspace itself, or survives, is seen from outside.
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
    "write through a link that was there": 'open("gate/planted", "w").write("x")',
    "delete through a link that was there": 'os.remove("gate/secret.txt")',
    "read through a link that was there": 'leak(open("gate/secret.txt").read())',
    "write through the working directory of the process": 'open("/proc/self/cwd/../outside/planted", "w")',
    "write through the root of the process": 'open("/proc/self/root{outside}/planted", "w").write("x")',
    "make a folder outside": 'os.mkdir("{outside}/planted")',
    "delete a file outside": 'os.remove("{outside}/secret.txt")',
    "empty a file outside": 'os.truncate("{outside}/secret.txt", 0)',
    "move a file of the workspace outside": 'os.rename("{root}/a.txt", "{outside}/planted")',
    "change the time of a file outside": 'os.utime("{outside}/secret.txt", (1, 1))',
    "change the attributes of a file outside": 'os.setxattr("{outside}/secret.txt", "user.planted", b"x")',
    "link a file without a name outside": """
fd = os.open("{outside}", os.O_TMPFILE | os.O_RDWR, 0o600)
os.link("/proc/self/fd/%d" % fd, "{outside}/planted", src_dir_fd=0, follow_symlinks=True)
""",
    "leave something in the temporary folder": 'open("/tmp/{token}", "w").write("x")',
    "leave something in shared memory": 'open("/dev/shm/{token}-planted", "w").write("x")',
    "list a folder outside": """
if os.listdir("{outside}"):
    leak("SECRET")
""",
    "see who listens on the machine": """
if ":%04X " % {tcp} in open("/proc/net/tcp").read():
    leak("SECRET")
""",
    "put another folder in place of .git": 'os.rename(".git", "old"); os.mkdir(".git")',
    "make the workspace a bare repository": """
for name in ("objects", "refs"):
    os.mkdir(name)
open("HEAD", "w").write("ref: refs/heads/main")
open("config", "w").write("[core]\\n\\tfsmonitor = evil\\n")
""",
    "read memory that is shared by number": """
libc.shmat.restype = ctypes.c_void_p
place = libc.shmat(libc.shmget({memory}, 0, 0), None, 0o10000)
leak(ctypes.string_at(place, 6).decode())
""",
    "lie in wait for the end": """
import signal
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 64)
    os.execv("/usr/bin/python3", ["{token}", "-c", "import time; time.sleep(30)"])
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
