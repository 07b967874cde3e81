"""Debian's Postfix for a test, with a configuration and queues of its own, in namespaces of its own:
/etc/postfix is a folder of the test there, the network is a loopback of its own, and all processes
end with the test. Nothing of the machine is changed or heard outside.

    inside()      # once, first: starts the script again in the namespaces, or says why it cannot
    with Postal(program) as w: ...
"""

import os
import pwd
import shutil
import smtplib
import subprocess
import sys

from world import Failed, World, wait_until

UID = pwd.getpwnam("nobody").pw_uid
GID = pwd.getpwnam("nobody").pw_gid
AGENTS, PEOPLE = "agents.example", "people.example"
PROGRAMS = ("postfix", "postmap", "sendmail")

MASTER = """\
smtp      inet  n - n - -   smtpd
pickup    unix  n - n 60 1  pickup
cleanup   unix  n - n - 0   cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - -   trivial-rewrite
bounce    unix  - - n - 0   bounce
defer     unix  - - n - 0   bounce
trace     unix  - - n - 0   bounce
verify    unix  - - n - 1   verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - -   proxymap
smtp      unix  - - n - -   smtp
relay     unix  - - n - -   smtp
showq     unix  n - n - -   showq
error     unix  - - n - -   error
retry     unix  - - n - -   error
discard   unix  - - n - -   discard
local     unix  - n n - -   local
virtual   unix  - n n - -   virtual
anvil     unix  - - n - 1   anvil
scache    unix  - - n - 1   scache
postlog   unix-dgram n - n - 1 postlogd
baton     unix  - n n - -   pipe
  flags=R user=nobody:nogroup null_sender= argv=%(argv)s
"""

MAIN = """\
compatibility_level = 3.6
myhostname = mail.test.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
disable_dns_lookups = yes
queue_directory = %(root)s/queue
data_directory = %(root)s/lib
maillog_file_prefixes = %(root)s
maillog_file = %(root)s/log/mail.log
smtputf8_enable = yes
alias_maps =
alias_database =
virtual_mailbox_domains = %(people)s, %(agents)s
virtual_mailbox_base = %(root)s/boxes
virtual_mailbox_maps = hash:%(etc)s/boxes
virtual_uid_maps = static:%(uid)d
virtual_gid_maps = static:%(gid)d
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
transport_maps = hash:%(etc)s/transport
baton_destination_recipient_limit = 1
message_size_limit = 60000000
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
bounce_queue_lifetime = 1h
"""


def skip(why):
    print("skipped: " + why, flush=True)
    sys.exit(77)


def inside():
    if os.environ.get("POSTAL_INSIDE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.geteuid() != 0:
        skip("a real mail server needs root")
    for program in (*PROGRAMS, "unshare", "ip"):
        if not shutil.which(program):
            skip("there is no %s on this machine" % program)
    if not os.path.exists("/usr/lib/postfix/sbin/pipe"):
        skip("sendmail is another mail server's here, not Debian's postfix")
    own = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*own, "true"], capture_output=True).returncode != 0:
        skip("this root may not make namespaces (a container?)")
    os.environ["POSTAL_INSIDE"] = "1"
    os.execvp("unshare", [*own, sys.executable, *sys.argv])


class Postal(World):
    """A world whose owner is the user nobody, with a Postfix at 127.0.0.1:25 whose mail for
    AGENTS goes to baton and whose mail for PEOPLE goes into Maildirs."""

    def __init__(self, baton):
        super().__init__(baton)
        os.chmod(self.root, 0o755)
        shutil.copy(self.program, self.path("baton"))  # where nobody may read it
        os.chmod(self.path("baton"), 0o755)
        self.program = self.path("baton")
        # A keeper or hub of nobody's writes its findings where it may.
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            self.env[name] = ":".join([x for x in self.env.get(name, "").split(":")
                                       if x and not x.startswith("log_path")] +
                                      ["log_path=" + self.path("found")])
        self.env["USER"] = self.env["LOGNAME"] = "nobody"
        self.master = None
        self.configure()

    def configure(self, **limits):
        self.write_config({"mail": {"domain": AGENTS, "sendmail": [shutil.which("sendmail")]},
                           "limits": dict({"inbox_rate": 0}, **limits)})

    def write_config(self, config):
        import json
        os.makedirs(self.path("config/baton"), exist_ok=True)
        with open(self.path("config/baton/config.json"), "w") as f:
            f.write(config if isinstance(config, str) else json.dumps(config))

    def __enter__(self):
        super().__enter__()
        etc = self.path("etc")
        shutil.copytree("/etc/postfix", etc, symlinks=True)
        os.makedirs(self.path("log"))
        for folder in ("queue", "lib"):
            os.makedirs(self.path(folder))
        shutil.chown(self.path("lib"), "postfix")
        os.makedirs(self.path("boxes"))
        names = ("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "BATON_HUB",
                 "ASAN_OPTIONS", "UBSAN_OPTIONS")
        argv = " ".join(["/usr/bin/env", *("%s=%s" % (k, self.env[k]) for k in names),
                         self.program, "email", "deliver", "--to", "${recipient}"])
        words = dict(root=self.root, etc="/etc/postfix", uid=UID, gid=GID, agents=AGENTS,
                     people=PEOPLE, argv=argv)
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER),
                           ("transport", "%(agents)s baton:\n"),
                           ("boxes", "ann@%(people)s ann/\nbob@%(people)s bob/\n"
                                     "zoë@%(people)s zoe/\n@%(agents)s unused/\n")):
            with open(os.path.join(etc, name), "w") as f:
                f.write(text % words)
        subprocess.run(["mount", "--bind", etc, "/etc/postfix"], check=True)
        for name in ("transport", "boxes"):
            subprocess.run(["postmap", "/etc/postfix/" + name], check=True)
        for path, _, files in os.walk(self.root):
            if not path.startswith((etc, self.path("queue"), self.path("lib"), self.path("log"))):
                os.chown(path, UID, GID)
                for name in files:
                    os.chown(os.path.join(path, name), UID, GID)
        r = subprocess.run(["postfix", "start"], capture_output=True, text=True)
        if r.returncode != 0:
            raise Failed("postfix start: %s%s%s" % (r.stdout, r.stderr, self.mail_log()))
        wait_until(self.listens, 20, "Postfix to listen")
        return self

    def listens(self):
        try:
            smtplib.SMTP("127.0.0.1", 25, timeout=5).quit()
            return True
        except OSError:
            return False

    def mail_log(self):
        try:
            with open(self.path("log/mail.log"), errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def __exit__(self, kind, value, trace):
        if kind:
            sys.stderr.write("--- mail.log\n" + self.mail_log()[-6000:])
        subprocess.run(["postfix", "stop"], capture_output=True)
        found = [f for f in os.listdir(self.root) if f.startswith("found.")]
        for name in found:
            with open(self.path(name), errors="replace") as f:
                sys.stderr.write(f.read()[:4000])
        self.kill_all()
        subprocess.run(["umount", "/etc/postfix"], check=True)
        super().__exit__(kind, value, trace)
        if found and not kind:
            raise Failed("a sanitizer complains")

    # --- as nobody -------------------------------------------------------------------------------

    def run(self, *args, input=None, check=True, timeout=120, identity=None):
        words = ["--identity", identity] if identity else []
        r = subprocess.run([self.program, *words, *args], env=self.env, input=input, cwd=self.root,
                           capture_output=True, timeout=timeout, user=UID, group=GID,
                           extra_groups=[])
        if check and r.returncode != 0:
            raise Failed("%s: exit %d\n%s%s" % (" ".join(args), r.returncode,
                                                r.stdout.decode(errors="replace"),
                                                r.stderr.decode(errors="replace")))
        return r

    # --- mail ------------------------------------------------------------------------------------

    def smtp(self, mail, to, sender="ann@" + PEOPLE, options=()):
        """Hands Postfix a mail (bytes) as a mail program does."""
        with smtplib.SMTP("127.0.0.1", 25, timeout=60) as s:
            s.ehlo("test.example")
            s.sendmail(sender, to, mail, mail_options=list(options))

    def box(self, name):
        """The mails of a human's Maildir, as bytes, the oldest first."""
        folder = self.path("boxes/%s/new" % name)
        try:
            paths = [os.path.join(folder, n) for n in os.listdir(folder)]
        except FileNotFoundError:
            return []
        return [open(p, "rb").read() for p in sorted(paths, key=lambda p: os.stat(p).st_mtime_ns)]

    def queue(self):
        out = subprocess.run(["postqueue", "-j"], capture_output=True, text=True).stdout
        return [line for line in out.splitlines() if line.strip()]

    def flush(self):
        subprocess.run(["postqueue", "-f"], check=True)

    def hub_memory(self):
        """The hub's peak of resident memory so far, in bytes."""
        with open("/proc/%d/status" % self.hub_pid()) as f:
            return next(int(x.split()[1]) for x in f if x.startswith("VmHWM")) * 1024
