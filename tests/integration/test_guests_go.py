#!/usr/bin/env python3
"""How guests are put out, come again in vain, drive and let go; what their host sees of them; and other
Unix users, who are no guests. Through a real sshd, from real terminals (tmux).

argv[1] is the baton binary; see tests/support/guests.py."""

import base64
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from guests import (AT_ONCE, OWNER, Room, Skipped, main, moment, one_sentence,  # noqa: E402
                    refused, shown_at_once)
from terminal import DEADLINE, Terminal  # noqa: E402
from world import check, wait_until  # noqa: E402

ANSWER, GRACE = 5.0, 10.0 # seconds, as core/hub/people/batons.c has them
OTHER = "nobody" # another Unix user


# --- putting out ----------------------------------------------------------------------------------

def an_invitation_is_revoked(room):
    guest, other = room.invite(), room.invite()
    t, u = room.ssh(guest), room.ssh(other)
    room.world.baton("invite", "revoke", guest["inviteId"], "--reason", "the lesson is over")
    event = room.event("inviteRevoked")
    shown_at_once(t, "[baton: the invitation was revoked by %s: the lesson is over]" % OWNER, event)
    check(t.ended()[0] == 1, "being put out is no success")
    check(event["data"]["inviteId"] == guest["inviteId"], "whose: %s" % event)
    refused(room, guest, "was revoked", guest["inviteId"])
    room.type("echo others-$((80+1))")
    u.wait_text("others-81")


def a_member_is_kicked(room):
    guest = room.invite()
    t, u = room.ssh(guest), room.ssh(guest)
    r = room.world.baton("member", "kick", guest["member"], "--reason", "for a moment")
    event = room.event("memberKicked")
    for terminal in (t, u):
        shown_at_once(terminal, ": for a moment]", event)
        status, screen = terminal.ended()
        check(status == 1 and "[baton: kicked by " in screen, "%d\n%s" % (status, screen))
    wait_until(lambda: guest["member"] not in room.members(), DEADLINE, "the member to be gone")
    t = room.ssh(guest) # the invitation still holds
    room.world.baton("member", "kick", guest["member"], "--revoke")
    check(t.ended()[0] == 1, "kicked, and revoked")
    refused(room, guest, "was revoked")


def a_kick_is_told_in_a_flood(room):
    """The reason is on its way behind much else, to a console that is busy."""
    flood = room.open("sh", "-c", "yes 0123456789012345678901234567890123456789")
    guest = room.invite()
    for i in range(5):
        t = Terminal(room.world, "flood-%d" % i, room.sshd.ssh("-tt", guest["member"]))
        t.wait_text("╭")
        t.prefix("w")
        t.wait_text("shells")
        t.send("Down", "Enter")
        t.wait_text("0123456789012345678901234567890123456789")
        room.world.baton("member", "kick", guest["member"], "--reason", "round %d" % i)
        status, screen = t.ended()
        check(status == 1 and ": round %d]" % i in screen, "%d\n%s" % (status, screen))
    room.world.baton("shell", "close", flood)


def an_invitation_runs_out(room):
    guest, unused = room.invite("--expires", "3s"), room.invite("--expires", "1s")
    t = room.ssh(guest)
    status, screen = t.ended()
    late = time.time() - guest["expires"] / 1000.0
    check(-0.1 < late < AT_ONCE + 0.2, "it ended %.2f s after its time" % late)
    check(status == 1 and "[baton: " in screen and "its time is over" in screen, screen)
    refused(room, guest, guest["inviteId"], "ended on")
    refused(room, unused, unused["inviteId"], "ended on")


def a_forged_token_is_refused(room):
    guest = room.invite()
    token = guest["token"]
    for i, forged in enumerate((token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "A" * 5000)):
        fake = dict(guest, member="%s-forged%d" % (room.name, i))
        fake["authorizedKeys"] = guest["authorizedKeys"].replace(token, forged)
        room.sshd.guest(fake["member"], fake)
        refused(room, fake, "not known to this hub")


def a_guest_starts_no_hub(room):
    guest = room.invite()
    fake = dict(guest, member=room.name + "-nohub")
    fake["authorizedKeys"] = guest["authorizedKeys"].replace("-L %s " % room.world.hub, "-L none ")
    check(fake["authorizedKeys"] != guest["authorizedKeys"], "the line names its hub")
    room.sshd.guest(fake["member"], fake)
    refused(room, fake, "hub")
    check(not os.path.exists(room.world.path("run/baton/none")), "a guest started a hub")


# --- driving --------------------------------------------------------------------------------------

def a_driver_asks_types_and_passes(room):
    guest = room.invite("--drive")
    me = guest["member"]
    room.type("echo owner-$((10+1))")
    t = room.ssh(guest)
    t.wait_text("owner-11")
    check(room.holder() == OWNER, "the owner drives")
    t.type("x")
    t.wait_text("C-b b asks for the baton")
    check(all(r["who"] != me for r in room.inputs()), "a member without the baton has typed")
    t.prefix("b")
    check(room.event("batonRequested")["data"]["by"] == me, "who asks")
    room.world.baton("pass", room.shell, "--to", me, "--note", "your turn")
    t.wait_text("(you)")
    t.line("echo guest-$((20+1))")
    t.wait_text("guest-21")
    last = room.inputs()[-1]
    check(last["who"] == me and last["epoch"] == room.world.baton("status", room.shell)[0]["epoch"],
          "the record says who: %s" % last)
    r = room.world.run("shell", "keys", room.shell, "x", check=False)
    check(r.returncode == 1 and me.encode() in r.stderr, "the owner waits now: %s" % r.stderr)
    t.command("baton pass %s --to %s" % (room.shell, OWNER))
    t.wait_text("✎ " + OWNER)
    check(room.holder() == OWNER, "the owner drives again")
    def hinted(screen): # once a second at most
        t.type("y")
        return "C-b b asks for the baton" in screen
    t.wait("a hint", hinted)
    room.type("echo back-$((30+1))")
    t.wait_text("back-31")
    check([r for r in room.inputs() if r["who"] == me][-1] == last, "typed without the baton")
    t.prefix("d")
    t.ended()


def a_driver_put_out_lets_go(room):
    guest = room.invite("--drive")
    t = room.ssh(guest)
    t.line("echo mine-$((10+1))")
    t.wait_text("mine-11")
    check(room.holder() == guest["member"], "who types drives")
    room.world.baton("member", "kick", guest["member"])
    t.ended()
    check(room.holder() == "", "a kicked member still drives")
    room.type("echo owner-$((20+1))")


def stopped(pid):
    os.kill(pid, signal.SIGSTOP)

    def is_so():
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "T"
    wait_until(is_so, DEADLINE, "ssh to stop")


def a_stopped_ssh_lets_go(room):
    """The machines of two guests sleep: no packet comes, no connection ends. Where somebody waits, the
    baton goes on after ANSWER and GRACE; who wakes up within the grace keeps it, and so does a third
    one, whose terminal answers."""
    rooms = {what: Room(room.world, room.sshd, "%s-%s" % (room.name, what))
             for what in ("away", "back", "awake")}
    guests, terminals, since = {}, {}, {}
    for what, r in rooms.items():
        guests[what] = r.invite("--drive")["member"]
        t = terminals[what] = Terminal(room.world, guests[what], room.sshd.ssh("-tt", guests[what]))
        t.wait_text("│$")
        t.line("echo mine-$((40+1))")
        t.wait_text("mine-41")
        check(r.holder() == guests[what], "who types drives")
    for what in ("away", "back"):
        stopped(terminals[what].pid())
    for what, r in rooms.items():
        check(r.world.baton("request", r.shell)["outcome"] == "queued", "somebody drives")
        since[what] = moment(r.event("batonRequested"))

    back, away, awake = rooms["back"], rooms["away"], rooms["awake"]
    for what in ("away", "back"):
        lost = rooms[what].event("batonLost")
        took = moment(lost) - since[what]
        check(lost["data"]["holder"] == guests[what] and ANSWER - 0.1 < took < ANSWER + 1,
              "lost after %.2f s: %s" % (took, lost))
    os.kill(terminals["back"].pid(), signal.SIGCONT)
    check(back.event("batonBack")["data"]["holder"] == guests["back"], "who is back")

    granted = away.event("batonChanged", lambda e: e["data"]["to"] == OWNER)
    took = moment(granted) - since["away"]
    check(ANSWER + GRACE - 0.2 < took < ANSWER + GRACE + 1, "granted after %.2f s" % took)
    check(granted["data"]["from"] == guests["away"], "from whom: %s" % granted)
    kinds = [e["kind"] for e in away.world.baton("log", away.shell)["events"]]
    check(kinds[-3:] == ["batonRequested", "batonLost", "batonChanged"], "the log has %s" % kinds)
    away.type("echo owner-$((50+1))")

    for what, r in (("back", back), ("awake", awake)):
        status = r.world.baton("status", r.shell)[0]
        check((status["state"], status["holder"]) == ("held", guests[what]), "%s: %s" % (what, status))
        check([q["member"] for q in status["requests"]] == [OWNER], "who waits: %s" % status)
        terminals[what].line("echo kept-$((60+1))")
        terminals[what].wait_text("kept-61")
    check(not awake.events("batonLost"), "a terminal that answers was given up")

    os.kill(terminals["away"].pid(), signal.SIGCONT) # too late, and it is told
    terminals["away"].wait_text("owner-51")
    terminals["away"].line("echo too-late")
    terminals["away"].wait_text("C-b b asks for the baton")
    check(all(b"too-late" not in base64.b64decode(i["data"]) for i in away.inputs()),
          "who slept has typed")


# --- the owner's side -----------------------------------------------------------------------------

def the_owner_sees_who_is_there(room):
    looks, drives = room.invite(), room.invite("--drive")
    t, u = room.ssh(looks), room.ssh(drives)
    for guest, role in ((looks, "observer"), (drives, "driver")):
        me = guest["member"]
        joined = room.event("memberJoined", lambda e: e["who"] == me)
        check(joined["data"]["role"] == role, "joined as %s" % joined)
        m = wait_until(lambda: room.members().get(me), DEADLINE, me)
        check((m["role"], m["kind"], m["inviteId"], m["client"], m["workspace"]) ==
              (role, "human", guest["inviteId"], "console", room.name), "listed as %s" % m)
        check((m["rows"], m["cols"], m["looking"]) == (24, 80, room.shell), "looks at %s" % m)
    t.prefix("d")
    os.kill(u.pid(), signal.SIGKILL)
    for guest in (looks, drives):
        room.event("memberLeft", lambda e: e["who"] == guest["member"])
    wait_until(lambda: not room.members(), DEADLINE, "an empty room")
    invitations = {i["inviteId"]: i for i in room.world.baton("invite", "list")}
    i = invitations[looks["inviteId"]]
    check((i["member"], i["role"], i["revoked"]) == (looks["member"], "observer", False),
          "the list has %s" % i)
    check("token" not in i and "hash" not in i, "the list tells the token")
    with open(room.world.path("state/baton/%s/journal.db" % room.world.hub), "rb") as f:
        check(looks["token"].encode() not in f.read(), "the journal keeps the token")


# --- without SSH ----------------------------------------------------------------------------------

def knock(user, path, data):
    """What comes back when a user connects to a socket and says data; a word when it may not."""
    back, to = os.pipe()
    child = os.fork()
    if child == 0:
        got = b"failed"
        try:
            os.setgroups([])
            os.setgid(pwd.getpwnam(user).pw_gid)
            os.setuid(pwd.getpwnam(user).pw_uid)
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(DEADLINE)
                s.connect(path)
                s.sendall(data)
                got = s.recv(100)
        except PermissionError:
            got = b"may not"
        except (BrokenPipeError, ConnectionResetError):
            got = b""
        finally:
            os.write(to, got)
            os._exit(0)
    os.close(to)
    with open(back, "rb") as f:
        got = f.read()
    os.waitpid(child, 0)
    return got


def another_unix_user_is_refused(room):
    """For now a hub is its own user's: its folder, its sockets, and last it itself keep others out,
    whatever token they have. They run none of ours: the files are opened to them here."""
    w, guest = room.world, room.invite("--drive")
    runtime = w.path("run/baton/" + w.hub)
    for path, mode in ((runtime, 0o700), (runtime + "/call", 0o600), (runtime + "/pub", 0o600)):
        check(stat.S_IMODE(os.stat(path).st_mode) == mode, "%s is open to others" % path)
    if os.getuid() != 0:
        raise Skipped("the modes are right; but only root can become another user")
    os.chmod(w.root, 0o711)

    def as_other(*command, **env):
        return subprocess.run(command, user=OTHER, group=pwd.getpwnam(OTHER).pw_gid,
                              extra_groups=[], env=dict(w.env, **env), cwd="/",
                              capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
    try:
        as_other(w.program, "--version")
    except PermissionError:
        raise Skipped("%s cannot run %s" % (OTHER, w.program))

    def refused_there(*words):
        for env in ({}, {"BATON_TOKEN": guest["token"]}):
            for args in (("member", "list"), ("shell", "write", room.shell, "text"),
                         ("-w", room.name, "attach")):
                r = as_other(w.program, *args, **env)
                check(r.returncode == 1 and r.stdout == "", "%s: %d %r" % (args, r.returncode,
                                                                          r.stdout))
                one_sentence(r.stderr, "baton: ", *words)

    # The greeting of a REQ or SUB socket, then a call: hello with the guest's token.
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hub.hello", "params": {},
                       "auth": {"token": guest["token"]}}).encode()
    message = b"\x80\0\0\1\n" + call
    said = {"call": b"\0SP\0\0\x30\0\0\1" + len(message).to_bytes(8, "big") + message,
            "pub": b"\0SP\0\0\x21\0\0"}

    refused_there("The hub is another user's.")
    for path in ("run", "run/baton", "run/baton/" + w.hub):
        os.chmod(w.path(path), 0o755)
    refused_there("The hub is another user's.")
    check(knock(OTHER, runtime + "/call", said["call"]) == b"may not", "the socket lets others in")
    for name in ("call", "pub"):
        os.chmod(runtime + "/" + name, 0o666)
    refused_there("The hub is another user's.")
    for name in said:
        got = knock(OTHER, runtime + "/" + name, said[name])
        check(got == b"", "the hub says %r to others" % got)
        got = knock(OWNER, runtime + "/" + name, said[name])
        check(got.startswith(b"\0SP\0"), "it says %r to its own user" % got)
    check(room.inputs() == [], "another user has typed")
    check(not room.members(), "another user is here")


TESTS = [
    an_invitation_is_revoked,
    a_member_is_kicked,
    a_kick_is_told_in_a_flood,
    an_invitation_runs_out,
    a_forged_token_is_refused,
    a_guest_starts_no_hub,
    a_driver_asks_types_and_passes,
    a_driver_put_out_lets_go,
    a_stopped_ssh_lets_go,
    the_owner_sees_who_is_there,
    another_unix_user_is_refused,
]


if __name__ == "__main__":
    sys.exit(main(TESTS))
