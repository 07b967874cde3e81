"""The real agents that tests run, offline against a model that is none: packages, how each is told of
that model, how its model has a file written; and a console in tmux to answer what they ask."""

import json
import os
import time

import terminals
from world import wait_until

# What agents get of this process's environment: others of its variables change what some of them do.
KEPT = ("HOME", "PATH", "LANG", "LC_ALL", "TERM", "SHELL", "BATON_HUB", "TEST_RUN_MARK",
        "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")
READ = 0.4  # seconds; a key sooner after a question is no answer to it
SECONDS = 120  # for whatever an agent does: they are large, and the machine may be small


def plain(w):
    """The part of a world's environment that agents may have."""
    return {k: v for k, v in w.env.items() if k in KEPT or k.startswith("XDG_")}


def opencode(w, url):
    model = {"tool_call": True, "limit": {"context": 32000, "output": 4096}}
    provider = {"npm": "@ai-sdk/openai-compatible", "models": {"stub-1": model},
                "options": {"baseURL": url + "/v1", "apiKey": "none"}}
    settings = {"autoupdate": False, "share": "disabled", "model": "stub/stub-1",
                "small_model": "stub/stub-1", "provider": {"stub": provider},
                "permission": {"edit": "ask", "bash": "ask"}}
    return dict({"OPENCODE_DISABLE_" + what: "1" for what in (
        "AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")},
        OPENCODE_CONFIG_CONTENT=json.dumps(settings))


def gemini(w, url):
    return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_MODEL": "gemini-2.5-flash", "GEMINI_CLI_TRUST_WORKSPACE": "true"}


def qwen(w, url):
    return {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": url + "/v1", "OPENAI_MODEL": "stub-1"}


def claude(w, url):
    return {"ANTHROPIC_API_KEY": "sk-ant-none", "ANTHROPIC_BASE_URL": url, "DISABLE_TELEMETRY": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def codex(w, url):
    os.makedirs(w.path("codex"))
    with open(w.path("codex/config.toml"), "w") as f:
        f.write('model = "stub-1"\nmodel_provider = "stub"\n\n[model_providers.stub]\n'
                'name = "stub"\nbase_url = "%s/v1"\nwire_api = "responses"\n'
                'env_key = "OPENAI_API_KEY"\n' % url)
    return {"CODEX_HOME": w.path("codex"), "OPENAI_API_KEY": "none"}


def writes(tool, path, content):
    return lambda file, text: (tool, {path: file, content: text})


def shell(file, text):
    return "exec_command", {"cmd": "printf %%s '%s' > '%s'" % (text, file), "justification": "a test",
                            "sandbox_permissions": "require_escalated"}


# Package, Node's major version, its environment, and how its model has a file written.
AGENTS = {
    "opencode": ("opencode-ai@1.18.33", 18, opencode, writes("write", "filePath", "content")),
    "gemini": ("@google/gemini-cli@0.61.0", 20, gemini, writes("write_file", "file_path", "content")),
    "qwen": ("@qwen-code/qwen-code@0.15.10", 20, qwen, writes("write_file", "file_path", "content")),
    "claude": ("@agentclientprotocol/claude-agent-acp@0.49.0", 20, claude,
               writes("Write", "file_path", "content")),
    "codex": ("@agentclientprotocol/codex-acp@2.6.0", 20, codex, shell),
}


class Desk(terminals.World):
    """A terminal in this world, with a console of whoever has started its hub."""

    def __init__(self, w, workspace="main", cols=110, rows=40):
        self.dir, self.tmux_name = w.root, "baton-agents-%d-%s" % (os.getpid(), workspace)
        self.workspace, self.size = workspace, (cols, rows)
        self.env = dict(w.env, PS1="$ ", SHELL="/bin/sh")
        if not os.path.exists(w.root + "/tmux.conf"):
            self.furnish()

    def __enter__(self):
        console = terminals.Terminal(self, "console", *self.size,
                                     "%s -w %s" % (terminals.BATON, self.workspace))
        console.wait("a frame", lambda s: "╭" in s, SECONDS)
        return console

    def __exit__(self, *unused):
        self.run("tmux", "-L", self.tmux_name, "kill-server", check=False)


def pressed_after_reading(w, console, session):
    """Goes to what waits for that session, reads the question, and presses the key that allows it once."""
    console.prefix("a")
    console.wait("the question", lambda s: "[a] allow once" in s, SECONDS)
    since = time.monotonic()
    wait_until(lambda: time.monotonic() > since + READ, 10, "the time to read it")
    pending = w.baton("session", "permissions", session)
    console.send("a")
    wait_until(lambda: pending[0] not in w.baton("session", "permissions", session), SECONDS, "the answer")
