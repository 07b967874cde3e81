#!/usr/bin/env python3
"""`baton mcp`, line by line: both eras of the protocol, every error, several calls at once, calls that
are cancelled, hubs that die, guests, and the demo agent whose session was handed the server."""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import bindings  # noqa: E402
from acp import same  # noqa: E402
from mcp import META, MODERN, Server  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

OLD = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
VERSION = "io.modelcontextprotocol/protocolVersion"


def shell_in(w, *command):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    return w.baton("-w", "main", "shell", "open", "--", *(command or ("/bin/sh",)))["shellId"]


# --- the protocol -----------------------------------------------------------------------------------


def test_handshake(w):
    for version in OLD:
        with Server(w, BATON_IDENTITY="Ada", BATON_WORKSPACE="lab") as s:
            hello = s.greet(version)
            same(hello["protocolVersion"], version, "the version")
            same(hello["capabilities"], {"tools": {"listChanged": True}}, "capabilities")
            same(hello["serverInfo"]["name"], "baton", "its name")
            for word in ("Ada", "lab", "baton_request"):
                check(word in hello["instructions"], "%s in the instructions" % word)
            same(s.ask("ping")["result"], {}, "ping")
            same(s.finish(), 0, "its exit")
    check(not os.path.exists(w.path("run/baton")), "no hub is started by looking")
    with Server(w) as s:
        same(s.greet("1999-01-01")["protocolVersion"], OLD[0], "an unknown version")
        same(s.greet(MODERN)["protocolVersion"], OLD[0], "one without a handshake")
        same(s.ask("initialize", {})["error"]["code"], -32602, "no version")


def test_stateless(w):
    with Server(w) as s:
        found = s.ask("server/discover", modern=True)["result"]
        check(MODERN in found["supportedVersions"], "its versions: %r" % found["supportedVersions"])
        same((found["resultType"], found["cacheScope"]), ("complete", "private"), "its kind")
        check(found["ttlMs"] >= 0 and found["instructions"], "the rest")
        same(found["capabilities"], {"tools": {}}, "capabilities")
        listed = s.ask("tools/list", modern=True)["result"]
        same((listed["resultType"], listed["cacheScope"]), ("complete", "private"), "the list")
        check(isinstance(listed["ttlMs"], int), "how long it holds")
        result = s.call("workspace_list", modern=True)
        same((result["resultType"], result["isError"]), ("complete", False), "a call")
        check("resultType" not in s.call("workspace_list"), "the other era, by the same server")
        same(s.ask("initialize", {"protocolVersion": OLD[0]}, modern=True)["error"]["code"], -32601,
             "a handshake in this era")
        error = s.ask("tools/list", {"_meta": dict(META, **{VERSION: "2031-01-01"})})["error"]
        same((error["code"], error["data"]["requested"]), (-32022, "2031-01-01"), "a wrong version")
        check(MODERN in error["data"]["supported"], "what is supported")
        same(s.ask("tools/list", {"_meta": {VERSION: MODERN}})["error"]["code"], -32602,
             "no capabilities")
        same(s.ask("server/discover")["error"]["code"], -32602, "discover without a version")


def test_wrong_lines(w):
    with Server(w) as s:
        for line in (b"no JSON\n", b'{"jsonrpc":"2.0",\n', b'"\xff\xfe"\n', b"[" * 100 + b"\n"):
            s.raw(line)
            same(s.answer(None)["error"]["code"], -32700, "%r" % line[:20])
        for line in (b"[]\n", b"17\n", b'{"jsonrpc":"2.0","id":{},"method":"ping"}\n',
                     b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n', b"{}\n"):
            s.raw(line)
            same(s.answer(None)["error"]["code"], -32600, "%r" % line)
        s.raw(b"\n \t\r\n")
        s.send("notifications/whatever", {"a": 1})
        s.send("tools/list")  # a notification by its shape: nobody waits for an answer
        s.raw(b'{"jsonrpc":"2.0","id":77,"result":{}}\n')
        for method in ("prompts/list", "resources/list", "resources/templates/list", "nothing"):
            same(s.ask(method)["error"]["code"], -32601, method)
        same(s.ask("tools/call", {})["error"]["code"], -32602, "no name")
        same(s.ask("tools/call", {"name": "shell_fly"})["error"]["code"], -32602, "an unknown tool")
        same(s.ask("tools/call", {"name": "hub_stop"})["error"]["code"], -32602, "no tool for agents")
        s.raw(b'{"jsonrpc":"2.0","id":"p","method":"tools/list","params":[1]}\n')
        same(s.answer("p")["error"]["code"], -32602, "params that are a list")
        same(s.ask("tools/list", {"cursor": "nowhere"})["error"]["code"], -32602, "a wrong cursor")
        same(s.came, [], "nothing else was said")


def test_long_lines(w):
    with Server(w) as s:
        text = "x" * (15 * 1024 * 1024)
        me = s.request("ping", {"text": text})
        same(s.answer(me)["result"], {}, "15 MiB in one line")
        s.raw(b'{"jsonrpc":"2.0","id":"big","method":"ping","params":{"text":"')
        for _ in range(18):
            s.raw(b"y" * (1024 * 1024))
        same(s.answer(None)["error"]["code"], -32700, "18 MiB")
        s.raw(b'"}}\n')
        same(s.ask("ping")["result"], {}, "the next line")
        same(s.came, [], "the long one's end is no line of its own")


def test_pages(w):
    with Server(w) as s:
        whole = s.tools()
        same(len(s.ask("tools/list")["result"]["tools"]), len(whole), "all in one page")
    with Server(w, "--page", "7") as s:
        for modern in (False, True):
            same(list(s.tools(modern)), list(whole), "pages of seven")
        same(len(s.ask("tools/list")["result"]["tools"]), 7, "one page")
    same(w.run("mcp", "--page", "0", check=False).returncode, 2, "a page without tools")
    same(w.run("mcp", "now", check=False).returncode, 2, "a word too many")
    check(b"Serve MCP" in w.run("mcp", "--help").stdout, "help")


# --- tools that come and go ---------------------------------------------------------------------------

CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


def told(s):
    """Waits until the server has told of a change, once; then there are its tools."""
    wait_until(lambda: CHANGED in s.came or not s.read(0.2) and CHANGED in s.came, 20, "the notice")
    s.came.remove(CHANGED)
    return s.tools()


def test_tools_come_and_go(w):
    w.baton("workspace", "open", "main")
    w.baton("workspace", "open", "far")
    token = w.baton("invite", "main", "--agent", "--as", "writer")["token"]
    here = {"look": {"description": "Looks.", "execute": ["echo", "hi"]}}
    with Server(w) as s, Server(w, token=token) as guest, Server(w) as quiet, Server(w) as new:
        for one in (s, guest):
            one.greet()
            check("toolbox_look" not in one.tools(), "before")
        quiet.greet()  # has not asked for the tools
        new.tools(modern=True)
        bindings.write(w, "toolbox", here)
        for one in (s, guest):
            check("toolbox_look" in told(one), "it came")
        bindings.write(w, "toolbox", {"look": dict(here["look"], description="Looks hard.")})
        for one in (s, guest):
            check("hard" in told(one)["toolbox_look"]["description"], "it is another")
        w.kill_hub()
        os.unlink(w.path("config/baton/bindings/toolbox.json"))
        w.hub_pid()  # another hub; what changed while there was none is told
        for one in (s, guest):
            check("toolbox_look" not in told(one), "it went")
        with open(w.path("config/baton/config.json"), "w") as f:
            json.dump({"policy": {"rules": [{"capability": "comms.send", "tier": "blocked",
                                             "member": "writer"}]}}, f)
        w.run("hub", "status")  # the policy's file is looked at with a call
        check("comms_send" not in told(guest), "it is blocked")
        check("comms_send" in s.tools(), "for the guest alone")
        bindings.write(w, "afar", here, workspaces=["far"])
        check("afar_look" in told(s), "of another workspace, for the owner")
        for one in (guest, quiet, new):
            one.ask("ping")
            same([m for m in one.came if m == CHANGED], [], "told of nothing that is theirs")
        same(s.finish(), 0, "its end")


# --- tools ------------------------------------------------------------------------------------------


def schema_words(value):
    """All keys of a schema, however deep."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from schema_words(one)
    elif isinstance(value, list):
        for one in value:
            yield from schema_words(one)


def test_tools(w):
    with Server(w) as s:
        tools = s.tools()
    wanted = """baton_take baton_request baton_pass baton_release baton_status shell_list
        shell_snapshot shell_write shell_keys shell_wait shell_read events_since events_next
        session_list session_get session_events session_prompt session_wait session_suggest
        member_list workspace_list"""
    same(sorted(set(wanted.split()) - set(tools)), [], "tools that are missing")
    check(not {"hub_stop", "baton_invite", "member_kick", "shell_close"} & set(tools), "too many")
    for name, tool in tools.items():
        check(tool["inputSchema"]["type"] == "object", name)
        check(not [k for k in schema_words(tool) if k.startswith("x-")], "our words in " + name)
        check("standard input" not in json.dumps(tool), "stdin in " + name)
        check(" Use it " in tool["description"] or "agent asks" in tool["description"],
              "when to use %s: %s" % (name, tool["description"]))
        check(tool.get("outputSchema", {}).get("type", "object") == "object", "the output of " + name)
    hints = {n: t["annotations"] for n, t in tools.items()}
    for name in ("shell_snapshot", "shell_list", "member_list", "baton_status", "events_since"):
        check(hints[name]["readOnlyHint"], name + " only reads")
    for name in ("shell_write", "shell_keys"):
        check(hints[name]["destructiveHint"], name + " may destroy")
    check(not hints["baton_request"]["destructiveHint"], "asking destroys nothing")
    same("outputSchema" in tools["shell_list"], False, "a list has no outputSchema")
    same("outputSchema" in tools["shell_snapshot"], True, "an object has one")


def test_results(w):
    with Server(w, BATON_WORKSPACE="main") as s:
        same(s.good("workspace_list"), [], "a hub is started by the first call")
        shell = shell_in(w)
        result = s.call("shell_list")
        check("structuredContent" not in result, "a list is text alone")
        same([x["shellId"] for x in json.loads(result["content"][0]["text"])], [shell], "shells")
        s.good("shell_write", shellId=shell, text="echo $((6*7))\n")
        s.good("shell_wait", shellId=shell, text="^42", timeout=20)
        result = s.call("shell_snapshot", shellId=shell)
        check("42" in result["structuredContent"]["text"], "the screen")
        same(json.loads(result["content"][0]["text"]), result["structuredContent"], "both the same")
        s.good("shell_keys", shellId=shell, keys=["exit", "Enter"])
        s.good("shell_wait", shellId=shell, exit=True, timeout=20)
        check("42" in s.good("shell_read", shellId=shell)["data"], "raw bytes")
        check(s.good("events_since", kind="shellExit")["events"], "events")


def test_errors(w):
    shell = shell_in(w)
    with Server(w) as s:
        text = s.bad("shell_snapshot", shellId="sh99")
        check("NotFound" in text and "sh99" in text and "shell_list" in text, text)
        text = s.bad("shell_snapshot", shellId=shell, format="paper")
        check("InvalidArgument" in text and "format" in text and "inputSchema" in text, text)
        check("shellId" in s.bad("shell_snapshot"), "what is missing")
        check("extra" in s.bad("shell_list", extra=1), "what is too much")
        me = s.request("tools/call", {"name": "shell_list", "arguments": [1]})
        check("object" in s.end(me)["content"][0]["text"], "arguments that are a list")
        me = s.request("tools/call", {"name": "workspace_list"})
        check(not s.end(me)["isError"], "no arguments at all")
        result = s.call("shell_wait", shellId=shell, text="never", timeout=0.2)
        check(result["isError"] and "structuredContent" not in result, "a wait that runs out")
        same(result["_meta"]["baton/error"], {"name": "Timeout", "retry": True}, "for programs")
        w.baton("request", shell)
    with Server(w, BATON_IDENTITY="Grace") as s:
        text = s.bad("shell_write", shellId=shell, text="echo no\n")
        check("NotHolder" in text and "baton_request" in text, text)


def test_at_once(w):
    shell = shell_in(w)
    with Server(w) as s:
        s.greet()
        long = [s.begin("shell_wait", shellId=shell, text="go%d" % i, timeout=60) for i in range(20)]
        quick = [s.begin("shell_list") for _ in range(50)]
        for me in quick:
            check(not s.end(me)["isError"], "a quick one")
        same(s.came, [], "the others wait")
        for i in reversed(range(20)):
            w.baton("shell", "write", shell, "echo g'o%d'\n" % i)
            check(not s.end(long[i])["isError"], "number %d, before those that came first" % i)


def waits(w, count):
    """So many calls wait at the hub by now, or soon."""
    wait_until(lambda: w.baton("hub", "status")["clients"] >= count, 20, "calls at the hub")


def test_cancel(w):
    shell = shell_in(w)
    with Server(w) as s:
        s.good("workspace_list")
        before = w.baton("hub", "status")["clients"]
        long = [s.begin("shell_wait", shellId=shell, text="go", timeout=60) for _ in range(3)]
        waits(w, before + 3)
        s.send("notifications/cancelled", {"requestId": long[1], "reason": "enough"})
        s.send("notifications/cancelled", {"requestId": 4711})
        s.send("notifications/cancelled")
        same(s.ask("ping")["result"], {}, "it goes on")
        wait_until(lambda: w.baton("hub", "status")["clients"] == before + 2, 20,
                   "the hub to forget it")
        w.baton("shell", "write", shell, "echo g'o'\n")
        for me in (long[0], long[2]):
            check(not s.end(me)["isError"], "the others")
        same(s.ask("ping")["result"], {}, "all was said")
        same(s.came, [], "no answer to what was cancelled")


def test_end(w):
    shell = shell_in(w)
    with Server(w) as s:
        s.good("workspace_list")
        s.begin("shell_wait", shellId=shell, text="never", timeout=600)
        quick = s.begin("shell_list")
        start = time.monotonic()
        same(s.finish(), 0, "its exit")
        check(time.monotonic() - start < 5, "at once")
        check(not s.end(quick)["isError"], "what could be answered was")
        same(s.came, [], "what could not was not")
        same(s.process.stderr.read(), b"", "and no complaint")


def test_hub_dies(w):
    shell = shell_in(w)
    with Server(w) as s:
        s.good("workspace_list")
        before = w.baton("hub", "status")["clients"]
        for _ in range(3):
            long = [s.begin("shell_wait", shellId=shell, text="never", timeout=60) for _ in range(3)]
            waits(w, before + 3)
            pid = w.baton("hub", "status")["pid"]
            os.kill(pid, signal.SIGKILL)
            for me in long:
                result = s.end(me)
                text = result["content"][0]["text"]
                check(result["isError"] and "try again" in text, text)
            wait_until(lambda: not alive(pid), 10, "the hub to die")
            # Nobody else starts one: the next call finds it again.
            # A call that meets the link's end may be lost; it says so, and that one can try again.
            wait_until(lambda: shell in json.dumps(s.end(s.begin("shell_list"))), 10,
                       "the shell, which is still there")
        same(s.finish(), 0, "its exit")


# --- guests -----------------------------------------------------------------------------------------


def test_guests(w):
    shell = shell_in(w)
    w.baton("workspace", "open", "other", "--cwd", w.root)
    hidden = w.baton("-w", "other", "shell", "open", "--", "/bin/sh")["shellId"]
    observer = w.baton("invite", "main", "--as", "olga", "--observe")["token"]
    driver = w.baton("invite", "main", "--as", "dirk", "--drive")["token"]
    with Server(w, token=observer) as s:
        tools = s.tools()
        check("shell_snapshot" in tools, "she may look")
        check(not {"shell_write", "baton_request", "session_prompt"} & set(tools), "and no more")
        same([x["shellId"] for x in s.good("shell_list")], [shell], "her workspace alone")
        check("PermissionDenied" in s.bad("shell_snapshot", shellId=hidden), "another one's shell")
        same(s.ask("tools/call", {"name": "shell_write", "arguments": {}})["error"]["code"], -32602,
             "what she does not see is not there")
        check("olga" in s.greet()["instructions"], "who she is")
    with Server(w, token=driver) as s:
        check("shell_write" in s.tools(), "he may type")
        s.good("shell_write", shellId=shell, text="echo d'irk'\n")
        s.good("shell_wait", shellId=shell, text="^dirk", timeout=20)
        member = next(m for m in w.baton("status", shell))
        same(member["holder"], "dirk", "he drives by typing")
        w.baton("invite", "revoke", w.baton("invite", "list")[1]["inviteId"])
        text = s.bad("shell_list")
        check("TokenRefused" in text and "invitation" in text, text)
    with Server(w, token="wrong") as s:
        check("TokenRefused" in s.bad("shell_list"), "a wrong token")
    w.run("hub", "stop", "--force")
    with Server(w, token=driver) as s:
        s.greet()
        check("HubUnreachable" in s.bad("shell_list"), "a guest starts no hub")


# --- handed to agents -------------------------------------------------------------------------------


def session_of(w, name="demo"):
    made = w.baton("session", "create", name, "--workspace", "main", "--mode", "auto")
    return made["sessionId"]


def prompt(w, session, *lines):
    return w.baton("session", "prompt", session, "\n".join(lines), "--timeout", "60",
                   timeout=90)["text"]


def test_demo_agent_uses_tools(w):
    shell = shell_in(w)
    session = session_of(w)
    me = w.baton("session", "get", session)["member"]
    w.baton("shell", "write", shell, "echo for-the-agent\n")
    w.baton("release", shell)
    text = prompt(w, session, "call shell_snapshot " + json.dumps({"shellId": shell}))
    check("for-the-agent" in text, "the screen: " + text)
    text = prompt(w, session, "call baton_request " + json.dumps({"target": shell}))
    check(me in text, "the baton: " + text)
    same(w.baton("status", shell)[0]["holder"], me, "the agent drives")
    text = prompt(w, session, "call shell_write " +
                  json.dumps({"shellId": shell, "text": "echo by-the-agent\n"}))
    w.baton("shell", "wait", shell, "--text", "^by-the-agent")
    with Server(w, BATON_IDENTITY="ada") as ada:
        ada.good("workspace_list")  # so she is there
        text = prompt(w, session,
                      "call baton_pass " + json.dumps({"target": shell, "to": "ada"}))
        same(w.baton("status", shell)[0]["holder"], "ada", "who drives then: " + text)
    text = prompt(w, session, "call hub_stop {}", "call shell_snapshot {\"shellId\": \"sh99\"}")
    check("hub_stop failed" in text and "no tool" in text, text)
    check("PermissionDenied" in text and "What to do next" in text, "an error: " + text)
    # One server for all of them, and it ends with the session.
    servers = [p for p in w.processes() if words(p)[1:2] == [b"mcp"]]
    same(len(servers), 1, "servers")
    w.baton("session", "close", session)
    wait_until(lambda: not alive(servers[0]), 20, "the server to end")


def words(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read().split(b"\0")
    except OSError:
        return []


def test_handed_over_unless_told(w):
    shell_in(w)
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": {"demo": {"mcp": False}}}, f)
    w.run("hub", "reload")
    session = session_of(w)
    check("no MCP server" in prompt(w, session, "call shell_list {}"), "it is told not to")


def test_token_stays_with_the_owner(w):
    shell_in(w)
    session = session_of(w)
    observer = w.baton("invite", "main", "--as", "olga", "--observe")["token"]
    stream = w.baton("session", "get", session)["streamId"]
    seen = w.baton("stream", "records", stream, token=observer)["records"]
    inputs = [r for r in seen if r["kind"] == "i"]
    check(inputs and not any("data" in r for r in inputs), "what went into the agent")
    own = [r for r in w.baton("stream", "records", stream)["records"] if r["kind"] == "i"]
    check(any("data" in r for r in own), "the owner sees it")


def test_hub_dies_under_an_agent(w):
    shell = shell_in(w)
    session = session_of(w)
    check(shell in prompt(w, session, "call shell_list {}"), "a first call")
    w.kill_hub()
    w.hub_pid()
    check(shell in prompt(w, session, "call shell_list {}"), "the same server, another hub")


if __name__ == "__main__":
    main([v for k, v in list(globals().items()) if k.startswith("test_")])
