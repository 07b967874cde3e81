#!/usr/bin/env python3
"""Scripts that agents have been written with run unchanged through a link named `ravi`: tests/seeds
holds them as they were published (white space apart). What answers them are small agents here. Also
what else holds for mail within one hub."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from world import check, main, wait_until  # noqa: E402

SEEDS = os.path.join(HERE, "..", "seeds")
DOMAIN = "in.ravi.app"
ALIASES = {"research-agent": "research", "finance": "invoices", "scheduler": "calendar"}


def prepare(w, sendmail=None):
    mail = {"domain": DOMAIN}
    if sendmail:
        mail["sendmail"] = sendmail
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"mail": mail}, f)
    os.makedirs(w.path("bin"), exist_ok=True)
    os.symlink(w.program, w.path("bin/ravi"))
    with open(w.path("bin/sleep"), "w") as f:
        f.write("#!/bin/sh\nexec /bin/sleep 0.1\n")
    os.chmod(w.path("bin/sleep"), 0o755)
    w.env["PATH"] = w.path("bin") + ":" + os.environ["PATH"]
    for name, alias in ALIASES.items():
        w.baton("identity", "create", name)
        w.baton("identity", "alias", name, "%s@%s" % (alias, DOMAIN))


def ravi(w, identity, *args, **more):
    r = subprocess.run(["ravi", "--identity", identity, *args, "-j"], env=w.env, cwd=w.root,
                       capture_output=True, timeout=60, **more)
    check(r.returncode == 0, "%s: %s" % (args, r.stderr.decode()))
    return json.loads(r.stdout)


class Agent(threading.Thread):
    """Answers the first task that it gets."""

    def __init__(self, w, name):
        super().__init__(daemon=True)
        self.w, self.name = w, name
        self.start()

    def run(self):
        task = ravi(self.w, self.name, "inbox", "wait", "--timeout", "50")
        ravi(self.w, self.name, "email", "reply", "--message-id", task["id"], "--body",
             "done by %s: %s" % (self.name, task["subject"]))


def script(w, name, *command):
    r = subprocess.run([*command, os.path.join(SEEDS, name)], env=w.env, cwd=w.root,
                       capture_output=True, timeout=100)
    check(r.returncode == 0, "%s: %s %s" % (name, r.stdout.decode(), r.stderr.decode()))
    return r.stdout.decode()


def jsons(text):
    decoder, at, found = json.JSONDecoder(), 0, []
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        one, at = decoder.raw_decode(text, at)
        found.append(one)
    return found


def the_shell_loops_and_the_audit(w):
    prepare(w)
    script(w, "polling.sh", "bash", "-e")
    got = ravi(w, "orchestrator-agent", "inbox", "email")
    check([m["body"] for m in got] == ["Summary: ..."], "the reply came: %s" % got)
    task = ravi(w, "research-agent", "inbox", "email")[0]
    check(task["is_read"] and task["from"] == "orchestrator-agent@" + DOMAIN and
          task["to"] == ["research@" + DOMAIN], "the task is as it was sent: %s" % task)
    check(got[0]["thread_id"] == task["thread_id"] and got[0]["in_reply_to"] == task["id"] and
          got[0]["subject"] == "Re: Task: summarize this URL" and not got[0]["is_read"],
          "the reply is of its thread, and listing has left it unread")
    check(script(w, "lookup.sh", "bash").strip() == "research-agent@" + DOMAIN, "lookup")

    ravi(w, "orchestrator", "email", "send", "--to", "research-agent", "--subject", "s",
         "--body", "b")
    ravi(w, "finance", "email", "send", "--to", "orchestrator@" + DOMAIN, "--subject", "t",
         "--body", "c")
    w.run("identity", "use", "orchestrator")
    said = script(w, "audit.sh", "bash").splitlines()
    lines = jsons("\n".join(x for x in said if not x.startswith("You are")))
    check([sorted(x) for x in lines] == [["from", "subject", "timestamp"]] +
          [["from", "subject", "timestamp", "to"]] * 2, "the audit's fields: %s" % lines)
    check([x["subject"] for x in lines] == ["t", "s", "t"], "received, then both: %s" % lines)
    check(lines[1]["from"] == "orchestrator@" + DOMAIN and all(x["timestamp"] for x in lines),
          "what was sent is there too")


def the_python_wrapper(w):
    prepare(w)
    Agent(w, "research-agent")
    out = script(w, "wrapper.py", sys.executable)
    check(out == "Received: done by research-agent: Task: competitive analysis\n", out)


def the_typescript_wrapper(w):
    if not shutil.which("node"):
        print("     (no node: left out)")
        return
    prepare(w)
    with open(os.path.join(SEEDS, "wrapper.ts")) as f:
        text = f.read()
    # Types are taken off; nothing else.
    text = re.sub(r"identity: string", "identity", text)
    text = re.sub(r"\.\.\.args: string\[\]\): unknown", "...args)", text)
    text = re.sub(r"\): Promise<Record<string, unknown> \| null>", ")", text)
    text = re.sub(r"\) as Array<\s*Record<string, unknown>\s*>", ")", text)
    with open(w.path("wrapper.mjs"), "w") as f:
        f.write(text)
    Agent(w, "research-agent")
    r = subprocess.run(["node", w.path("wrapper.mjs")], env=w.env, cwd=w.root, capture_output=True,
                       timeout=100)
    check(r.stdout.decode() == "Result: done by research-agent: Task: research request\n",
          r.stdout.decode() + r.stderr.decode())


def the_fan_out(w):
    prepare(w)
    for name in ALIASES:
        Agent(w, name)
    out = script(w, "fanout.py", sys.executable)
    check(out.endswith("Collected 3/3 replies\n") and out.count("Got reply from") == 3, out)


def parallel_processes_never_mix(w):
    prepare(w)

    def one(i):
        name = "p%d" % i
        sent = ravi(w, name, "email", "send", "--to", "sink", "--to", "p%d" % ((i + 1) % 32),
                    "--subject", name, "--body", name)
        return sent["from"] == "%s@%s" % (name, DOMAIN)

    w.baton("identity", "create", "sink")
    for i in range(32):
        w.baton("identity", "create", "p%d" % i)
    # Somebody else changes the default meanwhile: it must not matter to who says a name.
    done = threading.Event()

    def changes():
        i = 0
        while not done.is_set():
            w.run("identity", "use", "p%d" % (i % 32))
            i += 1

    other = threading.Thread(target=changes)
    other.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            check(all(pool.map(one, range(32))), "each sends as itself")
    finally:
        done.set()
        other.join()
    for m in ravi(w, "sink", "inbox", "email"):
        check(m["from"] == "%s@%s" % (m["subject"], DOMAIN) and m["body"] == m["subject"], m)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        boxes = list(pool.map(lambda i: ravi(w, "p%d" % i, "inbox", "email"), range(32)))
    check([[m["subject"] for m in b] for b in boxes] == [["p%d" % ((i - 1) % 32)]
                                                        for i in range(32)], "own inboxes")


def refused(w, *args, **more):
    r = w.run("--json", *args, check=False, **more)
    check(r.returncode != 0, "refused: %s" % (args,))
    return json.loads(r.stderr)


def what_is_wrong_is_told(w):
    prepare(w)
    e = refused(w, "email", "send", "--to", "reserch-agent@" + DOMAIN, "--subject", "s", "--body",
                "b")
    check(e["error"] == "RecipientNotFound" and "research-agent" in e["message"], e)
    e = refused(w, "email", "send", "--to", "ann@example.org", "--subject", "s", "--body", "b")
    check(e["error"] == "RecipientNotFound" and "sendmail" in e["message"], e)
    for args in (("--to", "finance\nBcc: eve@x.org", "--subject", "s"),
                 ("--to", "finance", "--subject", "s\nBcc: eve@x.org")):
        e = refused(w, "email", "send", *args, "--body", "b")
        check(e["error"] in ("InvalidArgument", "RecipientNotFound"), e)
    w.baton("identity", "revoke", "finance")
    check(refused(w, "email", "send", "--to", "finance", "--subject", "s", "--body",
                  "b")["error"] == "RecipientNotFound", "revoked")
    check(refused(w, "identity", "create", "finance")["error"] == "AlreadyExists", "never again")
    check(ravi(w, "scheduler", "inbox", "email") == [], "nothing was half sent")


def files_go_with_it(w):
    prepare(w)
    big = os.urandom(6 * 1024 * 1024)
    with open(w.path("big.bin"), "wb") as f:
        f.write(big)
    with open(w.path("ä.txt"), "w") as f:
        f.write("hello")
    sent = ravi(w, "finance", "email", "send", "--to", "scheduler", "--subject", "ü", "--body", "b",
                "--attach", w.path("big.bin"), "--attach", "ä.txt")
    got = ravi(w, "scheduler", "email", "read", sent["id"])
    check([(a["name"], a["size"]) for a in got["attachments"]] == [("big.bin", len(big)),
                                                                   ("ä.txt", 5)], got)
    raw = subprocess.run(["ravi", "--identity", "scheduler", "email", "attachment", sent["id"], "1"],
                         env=w.env, capture_output=True, timeout=60).stdout
    check(raw == big, "the bytes are the same")
    sent = ravi(w, "scheduler", "email", "forward", "--message-id", sent["id"], "--to", "finance")
    got = ravi(w, "finance", "email", "read", sent["id"])
    check(got["subject"] == "Fwd: ü" and len(got["attachments"]) == 2, got)


def mail_comes_in_and_goes_out(w):
    prepare(w, ["/bin/sh", "-c", 'cat >"$HOME/out.$$.tmp"; echo "$@" >"$HOME/args"; '
                                 'case "$*" in *nobody@*) echo no such user >&2; exit 67;; esac; '
                                 'mv "$HOME/out.$$.tmp" "$HOME/out.eml"', "sendmail"])
    mail = ("From: Ann =?utf-8?Q?L=C3=A9e?= <ann@example.org>\r\nTo: research@in.ravi.app\r\n"
            "Subject: =?utf-8?B?4oKs?=\r\nMessage-ID: <one@example.org>\r\n"
            "References: <zero@example.org>\r\nContent-Type: text/html\r\n\r\n<p>Hi<br>there").encode()
    r = w.run("email", "deliver", input=mail)
    check(w.run("email", "deliver", input=mail).returncode == 0, "twice is once")
    got = ravi(w, "research-agent", "inbox", "email")
    check(len(got) == 1 and got[0]["subject"] == "€" and got[0]["body"] == "Hi\nthere\n" and
          got[0]["from"] == "ann@example.org" and got[0]["message_id"] == "one@example.org", got)
    ravi(w, "research-agent", "email", "reply", "--message-id", got[0]["id"], "--body", "Grüße")
    wait_until(lambda: os.path.exists(w.path("out.eml")), 10, "sendmail")
    import email
    import email.policy
    with open(w.path("out.eml"), "rb") as f:
        out = email.message_from_binary_file(f, policy=email.policy.default)
    check(out["In-Reply-To"] == "<one@example.org>" and
          out["References"] == "<zero@example.org> <one@example.org>" and
          out["Subject"] == "Re: €" and out.get_content().rstrip("\n") == "Grüße" and
          str(out["From"]) == "research-agent@" + DOMAIN and str(out["To"]) == "ann@example.org",
          out.as_string())
    with open(w.path("args")) as f:
        check(f.read().split() == ["-i", "-f", "research-agent@" + DOMAIN, "--", "ann@example.org"],
              "arguments")

    sent = ravi(w, "finance", "email", "send", "--to", "nobody@example.org", "--subject", "x",
                "--body", "y")
    told = ravi(w, "finance", "inbox", "wait", "--timeout", "20")
    check(told["from"] == "mailer-daemon@" + DOMAIN and told["in_reply_to"] == sent["id"] and
          "no such user" in told["body"], told)
    r = w.run("email", "deliver", "--to", "nobody@in.ravi.app", input=mail, check=False)
    check(r.returncode == 67, "an MTA hears that there is no such user: %d" % r.returncode)
    r = w.run("email", "deliver", input=b"no header", check=False)
    check(r.returncode == 65, "and that it is no mail")


def mail_readers_open_the_export(w):
    import mailbox
    prepare(w)
    for i in range(3):
        ravi(w, "finance", "email", "send", "--to", "scheduler", "--subject", "é%d" % i, "--body",
             "From here\n>From there\n%d" % i)
    ravi(w, "scheduler", "email", "export", w.path("box"))
    box = mailbox.Maildir(w.path("box"))
    check(len(box) == 3, "three in the Maildir")
    ravi(w, "scheduler", "email", "export", "--format", "mbox", w.path("mbox"))
    box = mailbox.mbox(w.path("mbox"))
    texts = sorted(m.get_payload(decode=True).decode() for m in box)
    check(len(texts) == 3 and texts[0].startswith("From here\n"), texts)


if __name__ == "__main__":
    main([the_shell_loops_and_the_audit, the_python_wrapper, the_typescript_wrapper, the_fan_out,
          parallel_processes_never_mix, what_is_wrong_is_told, files_go_with_it,
          mail_comes_in_and_goes_out, mail_readers_open_the_export])
