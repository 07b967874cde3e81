#!/usr/bin/env python3
"""Bindings as agents meet them: the command line message by message over all types of schemas, the
same by JSON-RPC and MCP, files that come, change, break and go while the hub runs, and what commands
may do wrong."""

import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from acp import same  # noqa: E402
from bindings import ECHO, links, names, result, tool, write  # noqa: E402
from mcp import Server  # noqa: E402
from wire import Client, Refused  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

# --- the command line -------------------------------------------------------------------------------

# What a property may be, values that it takes (words, value), and words that it refuses (sentence
# behind "Flag --some-value").
NUMBERS = [("7", 7), ("-3", -3), ("0", 0)]
KINDS = {
    "string": ({"type": "string"}, [("a b", "a b"), ("", ""), ("--dashes", "--dashes"),
                                    ("[1]", "[1]"), ("ä\n\x1b[31m", "ä\n\x1b[31m")], []),
    "number": ({"type": "number"}, NUMBERS + [("1.5", 1.5), ("1e3", 1000)],
               [("v", 'expects a number, got "v"'), ("", 'expects a number, got ""'),
                ("0x10", 'expects a number, got "0x10"'), ("nan", 'expects a number, got "nan"')]),
    "integer": ({"type": "integer"}, NUMBERS,
                [("v", 'expects a number, got "v"'), ("1.5", 'expects a whole number, got "1.5"')]),
    "boolean": ({"type": "boolean"}, [(True, True), (False, False)],
                [("=maybe", 'expects true or false, got "maybe"')]),
    "enum": ({"type": "string", "enum": ["low", "high"]}, [("low", "low")],
             [("mid", 'must be one of low, high, got "mid"')]),
    "array": ({"type": "array", "items": {"type": "string"}},
              [(["a", "b"], ["a", "b"]), (['["a","b"]'], ["a", "b"])], []),
    "numbers": ({"type": "array", "items": {"type": "integer"}}, [(["1", "2"], [1, 2])],
                [("x", 'expects a number, got "x"')]),
    "object": ({"type": "object", "properties": {"a": {"type": "integer"}}},
               [('{"a":1}', {"a": 1})],
               [("word", 'expects JSON, an object, got "word"'),
                ('{"a":"x"}', ': "someValue.a" must be a whole number, got "x"')]),
    "map": ({"type": "object", "additionalProperties": {"type": "string"}},
            [(["K=v", "L=w"], {"K": "v", "L": "w"})], [("word", 'expects KEY=VALUE, got "word"')]),
    "low": ({"type": "integer", "minimum": 2, "maximum": 5}, [("2", 2), ("5", 5)],
            [("1", "must be at least 2, got 1"), ("6", "must be at most 5, got 6")]),
    "open": ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, [("0.5", 0.5)],
             [("0", "must be more than 0, got 0"), ("1", "must be less than 1, got 1")]),
    "length": ({"type": "string", "minLength": 2, "maxLength": 3}, [("ab", "ab"), ("äöü", "äöü")],
               [("a", "must have at least 2 characters, has 1"),
                ("abcd", "must have at most 3 characters, has 4")]),
    "pattern": ({"type": "string", "pattern": "^[a-z]+$"}, [("abc", "abc")],
                [("A", 'must match ^[a-z]+$, got "A"')]),
    "items": ({"type": "array", "items": {"type": "string"}, "maxItems": 2}, [(["a"], ["a"])],
              [(["a", "b", "c"], "must have at most 2 items, has 3")]),
}


def words(text):
    """A value as words behind the command's name, in every spelling that there is."""
    flag = "--some-value"
    if text is True:
        return [[flag], [flag + "=true"]]
    if text is False:
        return [["--no-some-value"], [flag + "=false"]]
    if isinstance(text, list):
        return [[w for one in text for w in (flag, one)], [flag + "=" + one for one in text]]
    if text.startswith("="):
        return [[flag + text]]
    return [[flag, text], [flag + "=" + text]]


def binding(schema, required=False, **more):
    input = {"type": "object", "properties": {"someValue": schema}, "additionalProperties": False}
    if required:
        input["required"] = ["someValue"]
    return dict({"description": "Gives back what it got.", "inputSchema": input, "execute": ECHO},
                **more)


def expect(w, status, out, err, group, *args, **more):
    got = tool(w, "agentos-" + group, *args, **more)
    same(got, (status, out, err), "agentos-%s %r" % (group, args))


def test_the_table(w):
    kinds = {}
    for kind, (schema, _, _) in KINDS.items():
        kinds[kind] = binding(schema)
        kinds[kind + "-must"] = binding(schema, required=True)
    write(w, "kinds", kinds)
    w.hub_pid()
    cases = 0
    with Client(w) as client:
        for kind, (schema, good, bad) in KINDS.items():
            for text, value in good:
                for line in words(text):
                    for name in (kind, kind + "-must"):
                        same(result(w, "agentos-kinds", name, *line), {"someValue": value},
                             "%s %r" % (name, line))
                        cases += 1
                same(client.call("kinds." + kind, someValue=value), {"someValue": value}, kind)
                same(result(w, "agentos-kinds", kind, "--json", json.dumps({"someValue": value})),
                     {"someValue": value}, kind + " as JSON")
            for text, says in bad:
                for line in words(text):
                    expect(w, 1, "", "Flag --some-value%s%s\n"
                           % ("" if says.startswith(":") else " ", says), "kinds", kind, *line)
                    cases += 1
            expect(w, 1, "", "Missing required flag: --some-value\n", "kinds", kind + "-must")
            same(result(w, "agentos-kinds", kind), {}, kind + " without anything")
            expect(w, 1, "", "Unknown flag: --other\n", "kinds", kind, "--other", "x")
            expect(w, 1, "", "Unknown flag: --other\n", "kinds", kind, "--other=x")
            expect(w, 1, "", 'Unexpected positional argument: "word"\n', "kinds", kind, "word")
            if kind != "boolean":
                expect(w, 1, "", "Flag --some-value requires a value\n", "kinds", kind,
                       "--some-value")
                expect(w, 1, "", "Unknown flag: --no-some-value\n", "kinds", kind,
                       "--no-some-value")
            for wrong in ({"someValue": None}, {"other": 1}):
                try:
                    client.call("kinds." + kind, **wrong)
                    check(False, "%s took %r" % (kind, wrong))
                except Refused as e:
                    same(e.name, "InvalidArgument", kind)
            cases += 7
    check(cases > 150, "%d cases" % cases)


def test_whole_input(w):
    write(w, "it", {"echo": {"inputSchema": {"type": "object", "properties": {
        "apiKey": {"type": "string"}, "snake_case": {"type": "string"},
        "count": {"type": "integer", "default": 3}}, "required": ["apiKey"]}, "execute": ECHO},
        "free": {"execute": ECHO}})
    w.hub_pid()
    whole = {"apiKey": "k", "count": 3}
    with open(w.path("in.json"), "w") as f:
        json.dump({"apiKey": "k"}, f)
    same(result(w, "agentos-it", "echo", "--api-key", "k"), whole, "a default")
    same(result(w, "agentos-it", "echo", "--json-file", w.path("in.json")), whole, "a file")
    same(result(w, "agentos-it", "echo", input=b'{"apiKey":"k"}'), whole, "standard input")
    same(result(w, "agentos-it", "echo", "--json-file", "-", input=b'{"apiKey":"k"}'), whole, "-")
    same(result(w, "agentos-it", "echo", "--json", '{"apiKey":"j","count":9}', "--api-key=k"),
         {"apiKey": "k", "count": 9}, "flags go over it")
    same(result(w, "baton-it", "echo", "--snake-case", "s", "--api-key", "k")["snake_case"], "s",
         "the other name of the command")
    expect(w, 1, "", "Flag --json requires a value\n", "it", "echo", "--json")
    expect(w, 1, "", 'Flag --json expects JSON, an object such as {"key": "value"}\n', "it", "echo",
           "--json", "[1]")
    expect(w, 1, "", "Flag --json-file cannot be read: There is no such thing.\n", "it", "echo",
           "--json-file", w.path("none"))
    expect(w, 1, "", "Missing required flag: --api-key\n", "it", "echo", input=b"")
    expect(w, 1, "", 'Standard input expects JSON, an object such as {"key": "value"}\n', "it",
           "echo", input=b"\xff")
    expect(w, 1, "", 'No tool "t" in toolkit "it". Available: echo, free\n', "it", "t")
    same(result(w, "agentos-it", "free"), {}, "one that takes nothing")
    expect(w, 1, "", "Unknown flag: --x\n", "it", "free", "--x")


def test_help(w):
    write(w, "it", {"echo": binding({"type": "string", "description": "What \x1b[31m comes back"},
                                    required=True)}, description="Echoes")
    w.hub_pid()
    status, out, err = tool(w, "agentos-it", "echo", "--help")
    same((status, err), (0, ""), "help")
    for part in ("Gives back what it got.", "agentos-it echo --some-value TEXT", "required",
                 "--json-file FILE"):
        check(part in out, "%r in %s" % (part, out))
    check("\x1b" not in out, "an escape in help")
    told = result(w, "agentos-it", "echo", "--help", "--json")
    same(told["inputSchema"]["required"], ["someValue"], "its schema")
    same(told["flags"], [{"flag": "--some-value", "property": "someValue", "required": True}],
         "its flags")
    check("echo" in tool(w, "agentos-it", "--help")[1], "the group's help")
    same(json.loads(w.run("it", "echo", "--help", "--json").stdout)["command"], "baton it echo",
         "help of baton's own command line")
    listed = [{"name": "it", "description": "Echoes",
               "bindings": [{"name": "echo", "description": "Gives back what it got."}]}]
    for word in ("list-bindings", "list-tools"):
        same(result(w, "agentos", word), listed, word)
    check("agentos-it" in os.listdir(links(w)) and "baton-comms" in os.listdir(links(w)), "links")


def test_as_any_command(w):
    write(w, "it", {"echo": binding({"type": "string"}), "text": {"execute": ["echo", "hi"]},
                    "bad": {"execute": ["sh", "-c", "echo no >&2; exit 3"]}})
    w.hub_pid()
    same(w.run("it", "text").stdout, b"hi\n", "for a person")
    same(w.baton("it", "echo", "--some-value", "x"), {"someValue": "x"}, "--json before")
    same(w.run("it", "echo", "--json", "--some-value", "x").stdout, b'{"someValue":"x"}\n', "after")
    same(w.run("-w", "lab", "it", "echo", "--json", '{"someValue":"y"}', "--json").stdout,
         b'{"someValue":"y"}\n', "an input and the switch")
    for args, status in ((["bad"], 1), (["none"], 2), (["echo", "--x"], 2)):
        same(w.run("it", *args, check=False).returncode, status, "%r" % args)
    same(w.run("none", check=False).returncode, 2, "no such group")


def test_json_field(w):
    """What commands in sh take out of their input; no hub is needed for it."""
    whole = json.dumps({"a": "b\n\x1b[31m'\"\n", "": "e", "--json": "j", "n": 1.5, "o": {"x": [1]},
                        "t": True, "no": None}).encode()
    for args, out in ((["a"], b"b\n\x1b[31m'\"\n"), ([""], b"e"), (["--", "--json"], b"j"),
                      (["n"], b"1.5\n"), (["o"], b'{"x":[1]}\n'), (["t"], b"true\n"),
                      (["no"], b"null\n"), (["a", "--json"], b'"b\\n\\u001b[31m\'\\"\\n"\n')):
        same(w.run("json-field", *args, input=whole).stdout, out, "%r" % args)
    large = json.dumps({"a": "x" * 5000000}).encode()
    same(len(w.run("json-field", "a", input=large).stdout), 5000000, "large")
    for args, text, status in ((["none"], whole, 1), (["A"], whole, 1), (["a"], b"[1]", 1),
                               (["a"], b"", 1), (["a"], b"{", 1), (["a"], b"[" * 100000, 1),
                               ([], whole, 2), (["a", "b"], whole, 2), (["--x"], whole, 2)):
        r = w.run("json-field", *args, input=text, check=False)
        check(r.returncode == status and not r.stdout and r.stderr, "%r %r" % (args, text[:9]))
    check(b"json-field NAME" in w.run("json-field", "--help").stdout, "help")


# --- MCP and JSON-RPC ---------------------------------------------------------------------------------


def test_mcp(w):
    write(w, "my-it", {"echo-it": binding({"type": "integer", "minimum": 2}, required=True),
                       "text": {"execute": ["echo", "hi"]},
                       "bad": {"execute": ["sh", "-c", "echo no >&2; exit 3"]}})
    w.hub_pid()
    with Server(w) as s:
        s.greet()
        tools = {t["name"]: t for t in s.ask("tools/list")["result"]["tools"]}
        same(tools["my_it_echo_it"]["inputSchema"]["required"], ["someValue"], "its schema")
        check(tools["my_it_echo_it"]["description"].startswith("Gives back"), "its words")
        got = s.call("my_it_echo_it", someValue=5)
        same(json.loads(got["content"][0]["text"]), {"someValue": 5}, "its result")
        same(s.call("my_it_text")["content"][0]["text"], "hi", "a text")
        wrong = s.call("my_it_echo_it", someValue=1)
        check(wrong["isError"] and "at least 2" in wrong["content"][0]["text"], "%r" % wrong)
        bad = s.call("my_it_bad")
        check(bad["isError"] and "status 3: no" in bad["content"][0]["text"], "%r" % bad)
        write(w, "late", {"one": {"execute": ["echo", "1"]}})
        wait_until(lambda: "late one" in names(w), 10, "a new binding")
        same(s.call("late_one")["content"][0]["text"], "1", "one that came later")


def test_caller(w):
    write(w, "who", {"am-i": {"execute": ["sh", "-c", "env | grep -E '^(BATON|SECRET|HOME)'; pwd"]}})
    w.run("workspace", "open", "lab", "--cwd", w.root)
    env = dict(w.env, SECRET="mine", BATON_IDENTITY="ada", BATON_WORKSPACE="lab")
    told = result(w, "agentos-who", "am-i", env=env).split("\n")
    for part in ("BATON_CALLER=ada", "BATON_CALLER_WORKSPACE=lab", "BATON_CALLER_KIND=human",
                 "BATON_CALLER_SESSION=", "BATON_HUB=default", w.path("config/baton/bindings")):
        check(part in told, "%s in %r" % (part, told))
    check(not [t for t in told if t.startswith(("SECRET", "BATON_IDENTITY", "BATON_WORKSPACE"))],
          "something of the caller's: %r" % told)
    guest = w.baton("invite", "lab", "--drive")["token"]
    told = result(w, "agentos-who", "am-i", env=dict(w.env, BATON_TOKEN=guest)).split("\n")
    check("BATON_CALLER_WORKSPACE=lab" in told and not any("TOKEN" in t for t in told), "%r" % told)
    watcher = w.baton("invite", "lab")["token"]
    status, out, err = tool(w, "agentos-who", "am-i", env=dict(w.env, BATON_TOKEN=watcher))
    check(status == 1 and not out and "role" in err, "an observer: %r" % err)
    wait_until(lambda: len(kinds_of(w, "bindingCalled")) == 2, 10, "events of calls")


def test_in_a_session(w):
    write(w, "it", {"echo": binding({"type": "string"}, required=True),
                    "shut": {"tier": "blocked", "execute": ["true"]}})
    w.run("workspace", "open", "lab", "--cwd", w.root)
    session = w.baton("-w", "lab", "session", "create", "demo", "--instructions", "Be brief.")
    w.run("session", "prompt", session["sessionId"], "hello")
    told = json.dumps(w.baton("session", "events", session["sessionId"], "--since", "0"))
    for part in ("Be brief.", "agentos-it echo --some-value", "Gives back what it got"):
        check(part in told, part)
    check("it shut" not in told, "a blocked one is told of")
    shell = w.baton("-w", "lab", "shell", "open", "--", "sh", "-c",
                    "env -u BATON_HUB agentos-it echo --some-value in-a-shell; exec cat")["shellId"]
    w.run("shell", "wait", shell, "--text", "in-a-shell.}}")


def test_in_some_workspaces(w):
    """A group of one workspace is no group for who belongs to another one."""
    write(w, "some", {"one": {"execute": ["echo", "1"]}}, workspaces=["lab", "dev-*"])
    write(w, "all", {"one": {"execute": ["echo", "1"]}})
    tokens = {}
    for key in ("lab", "dev-7", "other"):
        w.run("workspace", "open", key, "--cwd", w.root)
        tokens[key] = w.baton("invite", key, "--agent")["token"]
    for key, there in (("lab", True), ("dev-7", True), ("other", False)):
        listed = [b["group"] for b in w.baton("binding", "list", token=tokens[key])]
        same(listed, ["all", "some"] if there else ["all"], key)
        with Client(w, token=tokens[key]) as client:
            try:
                same((client.call("some.one"), there), (1, True), key)
            except Refused as e:
                same((e.name, there), ("UnknownMethod", False), key)
        session = w.baton("-w", key, "session", "create", "demo")["sessionId"]
        w.run("session", "prompt", session, "hello")
        told = json.dumps(w.baton("session", "events", session, "--since", "0"))
        same("agentos-some one" in told, there, "what an agent is told in " + key)
        check("agentos-all one" in told, "and of the other")
    same(result(w, "agentos-some", "one"), 1, "who belongs to none has all")


def test_policy_shuts(w):
    """What the policy blocks for an agent it is not told of; and it is asked at the first prompt."""
    write(w, "it", {"open": {"execute": ["true"]}, "shut": {"execute": ["true"]}})
    w.run("workspace", "open", "lab", "--cwd", w.root)
    session = w.baton("-w", "lab", "session", "create", "demo")["sessionId"]
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"policy": {"rules": [{"capability": "it.shut", "member": "demo-*",
                                         "tier": "blocked"}]}}, f)
    w.run("session", "prompt", session, "hello")
    told = json.dumps(w.baton("session", "events", session, "--since", "0"))
    check("agentos-it open" in told and "agentos-it shut" not in told, told)


# --- files --------------------------------------------------------------------------------------------


def kinds_of(w, kind):
    return [e["data"] for e in w.baton("events", "since", "0", "--kind", kind)["events"]]


def test_files_come_and_go(w):
    w.hub_pid()
    same(names(w), [], "none")
    write(w, "a", {"one": {"execute": ["echo", "1"]}})
    wait_until(lambda: names(w) == ["a one"], 10, "a new one")
    wait_until(lambda: os.path.lexists(os.path.join(links(w), "agentos-a")), 10, "its link")
    same(result(w, "agentos-a", "one"), 1, "its result")
    write(w, "a", {"one": {"execute": ["echo", "2"]}, "two": {"execute": ["echo", "3"]}})
    wait_until(lambda: names(w) == ["a one", "a two"], 10, "a changed one")
    same(result(w, "agentos-a", "one"), 2, "its other result")
    write(w, "a", {}, raw='{\n  "name": "a",\n  "bindings": {\n    "one": {\n      "execut": []\n')
    wait_until(lambda: kinds_of(w, "bindingRefused"), 10, "a broken one")
    same(result(w, "agentos-a", "one"), 2, "the one before")
    write(w, "a", {}, raw='{\n  "name": "a",\n  "bindings": {\n    "one": {\n      "execut": 1}}}')
    said = wait_until(lambda: [r for r in kinds_of(w, "bindingRefused") if "execut" in r["message"]],
                      10, "the sentence")[0]
    same(said["message"], 'a.json:5: "bindings.one.execut" is not known; a binding has description, '
         'inputSchema, timeout, tier and execute', "by name and line")
    same((said["group"], said["kept"]), ("a", True), "what stays")
    check(any("a.json:5:" in n["description"] for n in kinds_of(w, "notice")), "a notice")
    told = w.run("events", "since", "0", "--kind", "notice").stdout.decode()
    check("WHAT" in told and "a.json:5:" in told, "a notice as people read it:\n" + told)
    check(b"a.json:5" in w.run("hub", "reload").stdout, "reload says it again")
    os.unlink(w.path("config/baton/bindings/a.json"))
    wait_until(lambda: names(w) == [], 10, "it is gone")
    wait_until(lambda: not os.path.lexists(os.path.join(links(w), "agentos-a")), 10, "and its link")
    with Client(w) as client:
        try:
            client.call("a.one")
            check(False, "a call of what is gone")
        except Refused as e:
            same(e.name, "UnknownMethod", "its name")
    same([c["change"] for c in kinds_of(w, "bindingsChanged")], ["added", "changed", "removed"],
         "what was told")


def test_changed_under_a_call(w):
    write(w, "a", {"slow": {"execute": ["sh", "-c", "touch begun; until [ -e go ]; do sleep 0.02;"
                                        " done; echo old; rm -f begun go"]}})
    w.hub_pid()
    place = w.path("config/baton/bindings/")
    p = w.start("a", "slow")
    wait_until(lambda: os.path.exists(place + "begun"), 10, "the command")
    os.unlink(place + "a.json")
    wait_until(lambda: names(w) == [], 10, "it is gone")
    open(place + "go", "w").close()
    same(json.loads(p.communicate(timeout=20)[0]), "old", "the call that was out")


ONE = {"one": {"execute": ["true"]}}
DEEP = {"type": "object"}
for _ in range(20):
    DEEP = {"type": "object", "properties": {"a": DEEP}}
SCHEMA = {
    "no schema": ({"type": "text"}, "inputSchema.type"),
    "not an object": ({"type": "string"}, 'must be of "type": "object"'),
    "a reference": ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "properties.a.$ref"),
    "recursive": ({"type": "object", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "$defs"),
    "deep": (DEEP, "nested"),
    "wide": ({"type": "object", "properties": {"a%d" % i: {} for i in range(201)}}, "200"),
    "a slash": ({"type": "object", "properties": {"a/b": {}}}, "cannot be a flag"),
    "a newline": ({"type": "object", "properties": {"a\nb": {}}}, "cannot be a flag"),
    "an escape": ({"type": "object", "properties": {"\x1b[31m": {}}}, "cannot be a flag"),
    "taken": ({"type": "object", "properties": {"jsonFile": {}}}, "every binding has"),
    "twice": ({"type": "object", "properties": {"aB": {}, "a_b": {}}}, "the same flag"),
    "pattern": ({"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}, "pattern"),
    "default": ({"type": "object", "properties": {"a": {"type": "string", "default": 1}}}, "allows"),
    "required": ({"type": "object", "properties": {}, "required": ["a"]}, "no property"),
}
FILES = {
    "no JSON": ("{", "no JSON"),
    "deep": ("[" * 100 + "]" * 100, "no JSON"),
    "a list": ("[]", "one object"),
    "binary": ("\udcff\udcfe", "UTF-8"),
    "huge": (" " * (1024 * 1024 + 1), "larger than 1 MiB"),
    "no name": ({"bindings": ONE}, 'needs a "name"'),
    "a slash": ({"name": "a/b", "bindings": ONE}, "must be a name"),
    "dots": ({"name": "..", "bindings": ONE}, "must be a name"),
    "a newline": ({"name": "a\nb", "bindings": ONE}, "must be a name"),
    "an escape": ({"name": "\x1b[31m", "bindings": ONE}, "must be a name"),
    "long": ({"name": "a" * 32, "bindings": ONE}, "must be a name"),
    "baton's own": ({"name": "comms", "bindings": ONE}, "baton's own"),
    "a word": ({"name": "attach", "bindings": ONE}, "baton's own"),
    "both": ({"name": "x", "bindings": ONE, "tools": ONE}, "both"),
    "nothing": ({"name": "x", "bindings": {}}, "1 to 256"),
    "no command": ({"name": "x", "bindings": {"one": {}}}, 'needs an "execute"'),
    "a text": ({"name": "x", "bindings": {"one": {"execute": "ls"}}}, "list of words"),
    "a path": ({"name": "x", "bindings": {"one": {"execute": ["../ls"]}}}, "must begin"),
    "a tier": ({"name": "x", "bindings": {"one": {"execute": ["ls"], "tier": "no"}}}, "autonomous"),
    "a time": ({"name": "x", "bindings": {"one": {"execute": ["ls"], "timeout": 0}}}, "milliseconds"),
    "no place": ({"name": "x", "workspaces": [], "bindings": ONE}, "1 to 64 workspaces"),
    "a place": ({"name": "x", "workspaces": "lab", "bindings": ONE}, "list of 1 to 64"),
    "an empty place": ({"name": "x", "workspaces": ["a", ""], "bindings": ONE}, "1 to 64"),
    "a tool's name": ({"name": "x", "bindings": {"A b": {"execute": ["ls"]}}}, "must be a name"),
}


def test_wrong_files(w):
    folder = w.path("config/baton/bindings")
    os.makedirs(folder)
    write(w, "good", ONE)
    w.hub_pid()
    files = dict(FILES)
    for name, (schema, says) in SCHEMA.items():
        files["schema: " + name] = ({"name": "x", "bindings": {"one": {
            "execute": ["true"], "inputSchema": schema}}}, says)
    for name, (content, says) in files.items():
        with open(folder + "/x.json", "w", errors="surrogateescape") as f:
            f.write(content if isinstance(content, str) else json.dumps(content, indent=1))
        said = w.baton("hub", "reload").get("refused", "")
        check(said.startswith("x.json:") and says in said, "%s: %r" % (name, said))
        check("\x1b" not in said and "\n" not in said, "%s: %r" % (name, said))
        same(names(w), ["good one"], name)
    os.unlink(folder + "/x.json")
    for make in (os.mkdir, os.mkfifo, lambda p: os.symlink("/dev/zero", p)):
        make(folder + "/y.json")
        check("y.json:1:" in w.baton("hub", "reload").get("refused", ""), "%r" % make)
        (os.rmdir if os.path.isdir(folder + "/y.json") else os.unlink)(folder + "/y.json")
    write(w, "good", ONE, name="zz.json")
    check("good.json's already" in w.baton("hub", "reload")["refused"], "a group twice")
    os.unlink(folder + "/good.json")
    wait_until(lambda: names(w) == ["good one"], 10, "the second one takes its place")
    check("refused" not in w.baton("hub", "reload"), "and all is right")
    same(result(w, "agentos-good", "one"), "", "it runs")


# --- commands -----------------------------------------------------------------------------------------


def fails(w, name, says, group="cmd", **more):
    status, out, err = tool(w, "agentos-" + group, name, **more)
    check(status == 1 and not out and says in err, "%s: %d %r %r" % (name, status, out[:80], err[:200]))


def test_commands(w):
    sh = lambda script, **more: dict({"execute": ["sh", "-c", script]}, **more)  # noqa: E731
    write(w, "cmd", {
        "none": {"execute": ["no-such-program"]},
        "folder": {"execute": ["/tmp"]},
        "status": sh("echo one >&2; printf 'two \\033[31m' >&2; exit 7"),
        "signal": sh("kill -9 $$"),
        "not-json": sh("printf 'a \"b\" {\\n'"),
        "number": sh("echo 12"),
        "empty": sh("true"),
        "binary": sh("printf '\\377\\000'"),
        "large": sh("head -c 8000000 /dev/zero | tr '\\0' x"),
        "huge": sh("head -c 50000000 /dev/zero | tr '\\0' x"),
        "escaped": sh("head -c 4000000 /dev/zero | tr '\\0' '\\001'"),
        "deaf": sh("exec 0<&-; echo 1"),
        "beside": {"execute": ["./beside.sh"]},
        "leaves": sh("sleep 300 & echo $! > left; echo 1"),
        "slow": sh("trap '' TERM; sleep 300 & echo $! > child; sleep 301 & wait; sleep 302",
                   timeout=200),
    })
    with open(w.path("config/baton/bindings/beside.sh"), "w") as f:
        f.write("#!/bin/sh\necho 5\n")
    os.chmod(f.name, 0o700)
    w.hub_pid()
    place = w.path("config/baton/bindings/")
    fails(w, "none", "'no-such-program' could not be started")
    fails(w, "folder", "could not be started")
    fails(w, "status", 'Tool "cmd:status" failed with status 7: two')
    check("\x1b" not in tool(w, "agentos-cmd", "status")[2], "an escape on the terminal")
    fails(w, "signal", 'Tool "cmd:signal" was ended by signal 9')
    same(result(w, "agentos-cmd", "not-json"), 'a "b" {', "no JSON")
    same(result(w, "agentos-cmd", "number"), 12, "a number")
    same(result(w, "agentos-cmd", "empty"), "", "nothing")
    fails(w, "binary", "binary data")
    same(len(result(w, "agentos-cmd", "large")), 8000000, "8 MB")
    fails(w, "huge", "more than a result may have")
    fails(w, "escaped", "more than a result may have")
    same(result(w, "agentos-cmd", "deaf"), 1, "one that does not listen")
    same(result(w, "agentos-cmd", "beside"), 5, "a program beside the file")
    same(result(w, "agentos-cmd", "leaves"), 1, "one that leaves something behind")
    wait_until(lambda: not alive(int(open(place + "left").read())), 10, "that to end")
    fails(w, "slow", 'Tool "cmd:slow" timed out after 200ms')
    wait_until(lambda: not alive(int(open(place + "child").read())), 10, "its group to end")
    same(w.run("cmd", "slow", check=False).returncode, 124, "a wait that ran out")
    rest = {"groups": 1, "waiting": 0, "running": 0}
    wait_until(lambda: w.baton("hub", "status")["bindings"] == rest, 10, "the rest")


def test_caller_goes(w):
    write(w, "cmd", {"long": {"execute": ["sh", "-c", "sleep 300 & echo $! > pid; wait"]}})
    w.hub_pid()
    pid = w.path("config/baton/bindings/pid")
    for end in ("caller", "hub"):
        p = w.start("cmd", "long")
        wait_until(lambda: os.path.exists(pid) and open(pid).read().strip(), 20, "the command")
        child = int(open(pid).read())
        if end == "hub":
            w.kill_hub()
        p.kill()
        p.communicate()
        wait_until(lambda: not alive(child), 10, "the command to end with its " + end)
        os.unlink(pid)


def test_many(w):
    write(w, "it", {"echo": binding({"type": "integer"}), "hold": {"execute": [
        "sh", "-c", "until [ -e go ]; do sleep 0.02; done; cat"]}})
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"limits": {"bindings": 4}}, f)
    for i in range(10):
        w.run("workspace", "open", "w%d" % i, "--cwd", w.root)
    wrong, lock = [], threading.Lock()

    def calls(place):
        with Client(w, token=w.baton("invite", "w%d" % place, "--drive")["token"]) as c:
            sent = {c.send("it.echo", someValue=place * 100 + i): place * 100 + i for i in range(10)}
            for call, value in sent.items():
                if c.answer(call, 60) != {"someValue": value}:
                    with lock:
                        wrong.append(value)

    threads = [threading.Thread(target=calls, args=(i,)) for i in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    same(wrong, [], "answers")
    done = wait_until(lambda: [e for e in [w.baton("events", "since", "0", "--kind", "bindingCalled",
                                                   "--limit", "1000")["events"]]
                               if len(e) == 100], 20, "events of all")[0]
    same((len(done), len({e["workspace"] for e in done})), (100, 10), "events")
    same(all(e["data"]["ok"] for e in done), True, "all well")
    with Client(w) as c:
        held = [c.send("it.hold") for _ in range(6)]
        wait_until(lambda: w.baton("hub", "status")["bindings"]["waiting"] == 2, 20, "two that wait")
        same(w.baton("hub", "status")["bindings"]["running"], 4, "the limit")
        open(w.path("config/baton/bindings/go"), "w").close()
        for call in held:
            same(c.answer(call, 30), {}, "one that waited")


if __name__ == "__main__":
    main([test_the_table, test_whole_input, test_help, test_as_any_command, test_json_field,
          test_mcp, test_caller, test_in_a_session, test_in_some_workspaces, test_policy_shuts,
          test_files_come_and_go, test_changed_under_a_call, test_wrong_files,
          test_commands, test_caller_goes, test_many])
