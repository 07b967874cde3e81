"""Debian's sshd on the loopback, with everything of its own in a folder of the world: host key,
configuration, authorized_keys, log. It runs as the current user and lets that user in by the keys
that `guest` and `plain` make. Whatever a session may be denied by a line of authorized_keys, the
server itself allows: so it is the line that a test sees at work.

    d = Sshd(world)
    d.guest("ada", world.baton("invite", "main"))
    subprocess.run(d.ssh("-T", "ada"))
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess

from world import Failed, wait_until

PROGRAM = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

SERVER = """Port %(port)d
ListenAddress 127.0.0.1
HostKey %(dir)s/host
AuthorizedKeysFile %(dir)s/authorized_keys
PidFile %(dir)s/pid
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
AllowAgentForwarding yes
X11Forwarding yes
XAuthLocation /bin/true
PermitTunnel yes
AcceptEnv LANG LC_* BATON* XDG_*
Subsystem sftp internal-sftp
PrintMotd no
PrintLastLog no
MaxStartups 100
LogLevel INFO
"""

CLIENT = """Host *
HostName 127.0.0.1
Port %(port)d
User %(user)s
IdentityFile %(dir)s/%%n
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile %(dir)s/known_hosts
GlobalKnownHostsFile /dev/null
HostKeyAlias baton
StrictHostKeyChecking yes
BatchMode yes
ControlMaster no
XAuthLocation /bin/true
SendEnv LANG LC_*
ConnectTimeout 20
"""


def missing():
    """What is not there to run this, or None."""
    for name, path in (("sshd", PROGRAM), ("ssh", shutil.which("ssh")),
                       ("ssh-keygen", shutil.which("ssh-keygen"))):
        if not path:
            return name
    if os.path.basename(pwd.getpwuid(os.getuid()).pw_shell) in ("nologin", "false"):
        return "a login shell of this user"
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    """All descendants of a process."""
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                for child in map(int, f.read().split()):
                    found += [child] + children(child)
    except OSError:
        pass
    return found


class Sshd:
    def __init__(self, world):
        self.world, self.dir = world, world.path("ssh")
        os.mkdir(self.dir, 0o700)
        self.key("host")
        with open(self.dir + "/host.pub") as f, open(self.dir + "/known_hosts", "w") as known:
            known.write("baton " + f.read())
        with open(self.dir + "/authorized_keys", "w"):
            pass
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        for _ in range(5): # somebody else may have taken the port meanwhile
            if self.start():
                return
        raise Failed("sshd does not start:\n" + self.log())

    def start(self):
        self.port = free_port()
        facts = {"port": self.port, "dir": self.dir, "user": pwd.getpwuid(os.getuid()).pw_name}
        for name, text in (("server", SERVER), ("client", CLIENT)):
            with open("%s/%s.conf" % (self.dir, name), "w") as f:
                f.write(text % facts)
        self.process = subprocess.Popen(
            [PROGRAM, "-D", "-f", self.dir + "/server.conf", "-E", self.dir + "/log"],
            env=self.world.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def listens():
            if self.process.poll() is not None:
                return True
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        wait_until(listens, 20, "sshd to listen")
        return self.process.poll() is None

    def log(self):
        try:
            with open(self.dir + "/log", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def key(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f",
                        "%s/%s" % (self.dir, name)], check=True, timeout=60,
                       stdin=subprocess.DEVNULL)

    def let_in(self, name, options=""):
        """A key of that name, which is also the name for ssh's command line."""
        self.key(name)
        with open("%s/%s.pub" % (self.dir, name)) as f:
            line = (options + " " if options else "") + f.read()
        with open(self.dir + "/authorized_keys", "a") as f:
            f.write(line)

    def guest(self, name, invitation):
        self.let_in(name, invitation["authorizedKeys"])

    def ssh(self, *args, program="ssh"):
        return [program, "-F", self.dir + "/client.conf", *args]

    def run(self, *args, program="ssh", timeout=60, **more):
        """Such a command, to its end."""
        return subprocess.run(self.ssh(*args, program=program), env=self.world.env,
                              cwd=self.world.root, capture_output=True, text=True,
                              errors="replace", timeout=timeout, stdin=subprocess.DEVNULL, **more)

    def sessions(self):
        """Pids of what runs behind the connections."""
        return children(self.process.pid)

    def stop(self):
        for pid in self.sessions() + [self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
