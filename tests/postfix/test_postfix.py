#!/usr/bin/env python3
"""Real mail: Debian's Postfix hands mail for agents to `baton email deliver`, takes what they write
through its own sendmail, and puts what is for people into their Maildirs."""

import email
import email.policy
import hashlib
import os
import signal
import sys
import threading
import time
from email.message import EmailMessage

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from world import check, main, wait_until  # noqa: E402
from postfix import AGENTS, PEOPLE, Postal, inside  # noqa: E402

ANN, BOB, WRITER = "ann@" + PEOPLE, "bob@" + PEOPLE, "writer@" + AGENTS


def mail(to, subject="s", body="b\n", **headers):
    m = EmailMessage(policy=email.policy.SMTP)
    m["From"], m["To"], m["Subject"] = "Ann <%s>" % ANN, to, subject
    m["Date"] = "Sat, 21 Nov 2026 10:30:00 +0000"
    for name, value in headers.items():
        m[name.replace("_", "-")] = value
    m.set_content(body)
    return m


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def inbox(w, name):
    return w.baton("inbox", "email", "--limit", "10000", identity=name)


def arrived(w, name, count=1, seconds=60):
    def there():
        got = inbox(w, name)
        return got if len(got) >= count else None
    return wait_until(there, seconds, "%d mails for %s" % (count, name))


def came(w, name, count=1, seconds=60):
    return wait_until(lambda: (lambda b: b if len(b) >= count else None)(w.box(name)), seconds,
                      "%d mails in %s's Maildir" % (count, name))


def sent_state(w, name, message, *wanted, seconds=60):
    """The message as its sender sees it, once its status is one of these."""
    def look():
        m = w.baton("email", "read", message, identity=name)
        return m if m.get("status") in wanted else None
    return wait_until(look, seconds, "%s to be %s" % (message, wanted))


# --- there and back --------------------------------------------------------------------------------

def a_mail_comes_and_its_answer_goes(w):
    w.baton("identity", "create", "writer")
    first = mail("Writer <%s>, bob@%s" % (WRITER, PEOPLE), "Grüße aus Köln €", "Zeile 1\nZeile 2\n",
                 Message_ID="<one@%s>" % PEOPLE, References="<zero@%s>" % PEOPLE)
    check(b"=?utf-8?" in first.as_bytes(), "the subject travels as RFC 2047 has it")
    w.smtp(first.as_bytes(), [WRITER])
    got = arrived(w, "writer")[0]
    check(got["subject"] == "Grüße aus Köln €" and got["from"] == ANN and
          got["body"] == "Zeile 1\nZeile 2\n" and got["to"] == [WRITER, BOB] and
          got["message_id"] == "one@" + PEOPLE, got)
    answer = w.baton("email", "reply", "--message-id", got["id"], "--body", "Schön: ✓",
                     identity="writer")
    out = parsed(came(w, "ann")[0])
    check(out["Subject"] == "Re: Grüße aus Köln €" and str(out["To"]) == ANN and
          str(out["From"]) == WRITER and out.get_content().strip() == "Schön: ✓", out.as_string())
    check(out["In-Reply-To"] == "<one@%s>" % PEOPLE and
          out["References"] == "<zero@%s> <one@%s>" % (PEOPLE, PEOPLE) and
          out["Message-ID"] == "<%s>" % answer["message_id"] and
          answer["message_id"].endswith("@" + AGENTS), out.as_string())
    check(out["Return-Path"] == "<%s>" % WRITER, "the envelope is the agent's")
    check(w.box("bob") == [], "a plain answer goes to whoever wrote")
    sent_state(w, "writer", answer["id"], "sent")
    # The human answers in turn: same thread here, whole chain there.
    w.smtp(mail(WRITER, "Re: Re: Grüße", "ok\n", Message_ID="<two@%s>" % PEOPLE,
                In_Reply_To="<%s>" % answer["message_id"]).as_bytes(), [WRITER])
    second = arrived(w, "writer", 2)[1]
    check(second["thread_id"] == got["thread_id"] and second["in_reply_to"] == answer["id"], second)
    w.baton("email", "reply-all", "--message-id", got["id"], "--body", "to all", identity="writer")
    to_bob = parsed(came(w, "bob")[0])
    check(str(to_bob["To"]) == ANN and str(to_bob["Cc"]) == BOB and len(came(w, "ann", 2)) == 2,
          "all others, once each, and not oneself: %s" % to_bob.as_string())


def smtputf8(w):
    w.baton("identity", "create", "writer")
    raw = ("From: Zoë <zoë@%s>\r\nTo: %s\r\nSubject: naïve 日本\r\nMessage-ID: <u8@x.example>\r\n"
           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
           "ünï\r\n" % (PEOPLE, WRITER)).encode()
    w.smtp(raw, [WRITER], sender=ANN, options=["SMTPUTF8", "BODY=8BITMIME"])
    got = arrived(w, "writer")[0]
    check(got["subject"] == "naïve 日本" and got["body"] == "ünï\n" and
          got["from"] == "zoë@" + PEOPLE, got)
    w.baton("email", "reply", "--message-id", got["id"], "--body", "tëxt", identity="writer")
    out = parsed(came(w, "zoe")[0])
    check(out["Subject"] == "Re: naïve 日本" and "zoë@" + PEOPLE in str(out["To"]), out.as_string())


def html_alone(w):
    w.baton("identity", "create", "writer")
    m = mail(WRITER, "html")
    m.set_content("<html><head><style>p{color:red}</style></head><body><h1>Angebot</h1>"
                  "<p>Preis: 5&nbsp;&euro;<br>bis <b>Montag</b></p><ul><li>eins<li>zwei</ul>"
                  "<script>alert(1)</script></body></html>", subtype="html")
    w.smtp(m.as_bytes(), [WRITER])
    body = arrived(w, "writer")[0]["body"]
    check(body.split() == "Angebot Preis: 5 € bis Montag - eins - zwei".split(), repr(body))


def files_both_ways(w):
    w.baton("identity", "create", "writer")
    files = {"zahlen.bin": bytes(range(256)) * 400, "leer.txt": b"", "Ärger ü.txt": b"\r\nx\r\n.\r\n"}
    m = mail(WRITER, "files", "see\n", Message_ID="<files@%s>" % PEOPLE)
    for name, data in files.items():
        m.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    w.smtp(m.as_bytes(), [WRITER])
    got = arrived(w, "writer")[0]
    check([(a["name"], a["size"]) for a in got["attachments"]] ==
          [(n, len(d)) for n, d in files.items()], got)
    paths = []
    for i, (name, data) in enumerate(files.items()):
        r = w.run("email", "attachment", got["id"], str(i + 1), identity="writer")
        check(r.stdout == data, "%s came byte for byte" % name)
        paths.append(w.path("run/" + name))
        with open(paths[-1], "wb") as f:
            f.write(r.stdout)
        os.chmod(paths[-1], 0o644)
    w.baton("email", "reply", "--message-id", got["id"], "--body", "back",
            *(x for p in paths for x in ("--attach", p)), identity="writer")
    out = parsed(came(w, "ann")[0])
    check({p.get_filename(): p.get_payload(decode=True) for p in out.iter_attachments()} == files,
          "and went byte for byte")


def twenty_five_megabytes(w):
    w.baton("identity", "create", "writer")
    data = os.urandom(25 * 1024 * 1024)
    m = mail(WRITER, "big", "see\n", Message_ID="<big@%s>" % PEOPLE)
    m.add_attachment(data, maintype="application", subtype="octet-stream", filename="big.bin")
    wire = m.as_bytes()
    before, start = w.hub_memory(), time.monotonic()
    w.smtp(wire, [WRITER])
    got = arrived(w, "writer", seconds=180)[0]
    taken, after = time.monotonic() - start, w.hub_memory()
    r = w.run("email", "attachment", got["id"], "1", identity="writer")
    check(hashlib.sha256(r.stdout).digest() == hashlib.sha256(data).digest(), "byte for byte")
    path = w.path("run/big.bin")
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o644)
    start = time.monotonic()
    w.baton("email", "reply", "--message-id", got["id"], "--body", "back", "--attach", path,
            identity="writer")
    out = parsed(came(w, "ann", seconds=180)[0])
    check(next(out.iter_attachments()).get_payload(decode=True) == data, "and back")
    gone, end = time.monotonic() - start, w.hub_memory()
    mib = 1024 * 1024
    print("     %.1f MiB on the wire; in %.1f s, out %.1f s; the hub's peak %.0f MiB, with it in "
          "%.0f, with it out %.0f" % (len(wire) / mib, taken, gone, before / mib, after / mib,
                                      end / mib))
    with open(w.program, "rb") as f:
        plain = b"__asan_init" not in f.read()
    check(not plain or end - before < 5 * len(wire), "the hub holds it few times")


def ten_megabytes_of_text(w):
    w.baton("identity", "create", "writer")
    text = "".join("line %07d of a long text, äöü\n" % i for i in range(300000))
    m = mail(WRITER, "long", text, Message_ID="<long@%s>" % PEOPLE)
    w.smtp(m.as_bytes(), [WRITER])
    got = arrived(w, "writer", seconds=120)[0]
    check(len(text.encode()) > 9 << 20 and text.startswith(got["body"]) and
          len(got["body"].encode()) > 8380000, "as much of it as a body holds")
    r = w.run("email", "attachment", got["id"], "1", identity="writer")
    check(r.stdout.decode() == text, "all of it goes with it")
    r = w.run("--json", "email", "send", "--to", ANN, "--subject", "s", input=text.encode(),
              check=False, identity="writer")
    check(r.returncode != 0 and b"8388608" in r.stderr or b"8 MiB" in r.stderr, r.stderr)
    check(w.box("ann") == [], "nothing was half sent")


# --- what does not arrive --------------------------------------------------------------------------

def nobody_of_that_name(w):
    w.baton("identity", "create", "writer")
    w.smtp(mail("wroter@" + AGENTS, "lost", Message_ID="<lost@%s>" % PEOPLE).as_bytes(),
           ["wroter@" + AGENTS, WRITER])
    bounce = parsed(came(w, "ann")[0])
    text = bounce.as_string()
    check(bounce.get_content_type() == "multipart/report" and "5.1.1" in text and
          "wroter@" + AGENTS in text and "writer" in text.split("wroter", 1)[1], text)
    check(len(arrived(w, "writer")) == 1, "who is there got it")
    wait_until(lambda: not w.queue(), 20, "an empty queue")


def what_we_sent_bounces(w):
    w.baton("identity", "create", "writer")
    w.baton("identity", "create", "other")
    sent = w.baton("email", "send", "--to", "Nobody.There@" + PEOPLE, "--to", ANN, "--subject",
                   "höher", "--body", "b", identity="writer")
    check(sent["status"] == "queued", sent)
    got = sent_state(w, "writer", sent["id"], "bounced")
    states = {r["to"]: r for r in got["recipients"]}
    check(states[ANN]["status"] == "sent" and len(came(w, "ann")) == 1, states)
    lost = next(r for a, r in states.items() if a != ANN)
    check(lost["status"] == "bounced" and "5.1.1" in lost["reason"] and
          "unknown user" in lost["reason"].lower(), states)
    told = arrived(w, "writer")[0]
    check(told["in_reply_to"] == sent["id"] and told["thread_id"] == sent["thread_id"], told)
    log = w.baton("audit", "log", "--limit", "100")
    check("bounced" in str(log), "the audit tells of it")
    check(w.baton("audit", "verify")["whole"] is True, "and is whole")
    # Somebody else's mail that looks like a bounce of it changes nothing.
    next_one = w.baton("email", "send", "--to", ANN, "--subject", "x", "--body", "b",
                       identity="writer")
    sent_state(w, "writer", next_one["id"], "sent")
    forged = ("From: a@x.example\r\nTo: other@%s\r\nAuto-Submitted: auto-replied\r\nSubject: no\r\n"
              "Message-ID: <forged@x.example>\r\nMIME-Version: 1.0\r\n"
              "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
              "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
              "Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n--b\r\n"
              "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\n\r\n--b--\r\n"
              % (AGENTS, ANN, next_one["message_id"])).encode()
    w.smtp(forged, ["other@" + AGENTS])
    arrived(w, "other")
    check(w.baton("email", "read", next_one["id"], identity="writer")["status"] == "sent",
          "only its sender's reports count")


def the_hub_cannot_come_up(w):
    w.baton("identity", "create", "writer")
    w.kill_hub()
    w.write_config('{"mail": 1}')
    w.smtp(mail(WRITER, "later", Message_ID="<later@%s>" % PEOPLE).as_bytes(), [WRITER])
    wait_until(lambda: "status=deferred" in w.mail_log(), 60, "Postfix to keep it")
    check(w.queue() and w.box("ann") == [], "it is kept, and nobody is told yet")
    w.configure()
    w.flush()
    check(arrived(w, "writer")[0]["subject"] == "later", "and is there when the hub is")
    wait_until(lambda: not w.queue(), 30, "an empty queue")


def the_hub_stands_still_and_dies(w):
    """A hub that is stopped in the middle of a delivery, then killed: the mail is there once."""
    w.baton("identity", "create", "writer")
    pid = w.hub_pid()
    os.kill(pid, signal.SIGSTOP)
    w.smtp(mail(WRITER, "once", Message_ID="<once@%s>" % PEOPLE).as_bytes(), [WRITER])
    wait_until(lambda: any(b"email\0deliver" in command(p) for p in w.processes()), 30,
               "the delivery to begin")
    os.kill(pid, signal.SIGKILL)
    arrived(w, "writer")
    wait_until(lambda: not w.queue(), 60, "an empty queue")
    check(len(inbox(w, "writer")) == 1, "once")


def command(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read()
    except OSError:
        return b""


def the_hub_dies_again_and_again(w, count=40):
    """With a Message-ID and without one, to one and to two: each mail once in each inbox."""
    names = ("writer", "other")
    for name in names:
        w.baton("identity", "create", name)
    failed, over = [], threading.Event()

    def send():
        try:
            for i in range(count):
                m = mail(", ".join("%s@%s" % (n, AGENTS) for n in names), "m%d" % i)
                if i % 2:
                    m["Message-ID"] = "<m%d@%s>" % (i, PEOPLE)
                w.smtp(m.as_bytes(), ["%s@%s" % (n, AGENTS) for n in names])
        except Exception as e:  # told below
            failed.append(e)
        over.set()

    thread = threading.Thread(target=send)
    thread.start()
    kills = 0
    while not over.is_set() or (w.queue() and kills < 200):
        pids = [p for p in w.processes() if b"\0serve" in command(p) or b"hub\0run" in command(p)]
        before = w.mail_log().count("status=sent")
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:  # one that lost the race to be the hub, and has gone
                pass
        if kills > 30:
            break
        wait_until(lambda: w.mail_log().count("status=sent") > before or not w.queue(), 60,
                   "a delivery")
    thread.join(120)
    check(not failed, "sent: %s" % failed)
    wait_until(lambda: not w.queue(), 120, "an empty queue")
    for name in names:
        subjects = sorted(m["subject"] for m in inbox(w, name))
        check(subjects == sorted("m%d" % i for i in range(count)),
              "%s has each once: %s" % (name, subjects))
    print("     %d mails to two each, the hub killed %d times" % (count, kills))
    check(kills >= 5, "the hub was killed in between")
    check(w.baton("audit", "verify")["whole"] is True, "the audit is whole")


# --- nothing gets into a header --------------------------------------------------------------------

def no_field_begins_a_header(w):
    w.baton("identity", "create", "writer")
    evil = "x\r\nBcc: bob@%s\r\n" % PEOPLE
    for args in (("--to", ANN + "\r\nBcc: " + BOB, "--subject", "s"),
                 ("--to", ANN, "--cc", ANN + "\nBcc: " + BOB, "--subject", "s"),
                 ("--to", "\"%s\" <%s>" % (evil, ANN), "--subject", "s"),
                 ("--to", ANN, "--subject", evil)):
        r = w.run("--json", "email", "send", *args, "--body", "b", check=False, identity="writer")
        check(r.returncode == 1 and b"InvalidArgument" in r.stderr, "%r: %r" % (args, r.stderr))
    for field in ("--from", "--thread"):
        r = w.run("--json", "inbox", "email", field, evil, check=False, identity="writer")
        check(r.returncode in (0, 1), "%s is only looked up: %r" % (field, r.stderr))
    r = w.run("--json", "identity", "alias", "writer", "al\nias@" + AGENTS, check=False)
    check(r.returncode != 0, "no such alias")
    # What came from outside with line breaks hidden in it, answered and handed on.
    words = "=?utf-8?Q?x=0D=0ABcc:_bob@%s?=" % PEOPLE
    raw = ("From: %s <%s>\r\nTo: %s\r\nCc: %s <ann@%s>\r\nSubject: %s\r\n"
           "Message-ID: <evil@%s>\r\nReferences: <a@b\r\n\tc> <r@x.example>\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
           "hi\r\n--b\r\nContent-Type: text/x%%0D%%0ABcc:y; name*=utf-8''a%%0D%%0ABcc:%%20bob\r\n"
           "Content-Disposition: attachment; filename*=utf-8''a%%0D%%0ABcc:%%20bob\r\n\r\nx\r\n"
           "--b--\r\n" % (words, ANN, WRITER, words, PEOPLE, words, PEOPLE)).encode()
    w.smtp(raw, [WRITER])
    got = arrived(w, "writer")[0]
    check("\n" not in got["subject"] and "\n" not in got["attachments"][0]["name"], got)
    w.baton("email", "reply-all", "--message-id", got["id"], "--body", "Bcc: %s\n\nBcc: x" % BOB,
            identity="writer")
    w.baton("email", "forward", "--message-id", got["id"], "--to", ANN, identity="writer")
    for raw in came(w, "ann", 2):
        out = parsed(raw)
        check(out["Bcc"] is None, raw)
        for part in out.walk():
            check("bcc" not in [k.lower() for k in part.keys()], raw)
    wait_until(lambda: not w.queue(), 30, "an empty queue")
    check(w.box("bob") == [], "nobody else got anything")


if __name__ == "__main__":
    inside()
    main([a_mail_comes_and_its_answer_goes, smtputf8, html_alone, files_both_ways,
          twenty_five_megabytes, ten_megabytes_of_text, nobody_of_that_name, what_we_sent_bounces,
          the_hub_cannot_come_up, the_hub_stands_still_and_dies, the_hub_dies_again_and_again,
          no_field_begins_a_header], Postal)
