"""Calls of a binding whose command is empty, from a plain workspace: from before the fork of
`agentos-bench empty` to its end. Beside it what of that is the start of a process alone, and the
call over a connection that is open already."""

import json
import os
import statistics
import subprocess
import sys
import time

from measure import percentile
from peers import Failed, World, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import Client  # noqa: E402

EMPTY = {"name": "bench", "bindings": {"empty": {"execute": ["/bin/true"]}}}


def timed(argv, env, cwd):
    """Milliseconds from before the fork to the end; a failure is no figure."""
    begin = time.monotonic()
    p = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = p.communicate(timeout=30)
    took = 1000 * (time.monotonic() - begin)
    if p.returncode != 0:
        raise Failed("%r: %d %r %r" % (argv, p.returncode, out, err))
    return took


def bindings(program, quick, say):
    count, f = 100 if quick else 1000, {}
    with World(program, "bench") as w:
        folder = os.path.join(w.env["XDG_CONFIG_HOME"], "baton", "bindings")
        os.makedirs(folder)
        with open(folder + "/bench.json", "w") as out:
            json.dump(EMPTY, out)
        w.hub_pid()
        w.baton("workspace", "open", "main")
        link = os.path.join(w.env["XDG_STATE_HOME"], "baton", w.hub, "bin", "agentos-bench")
        wait_until(lambda: os.path.lexists(link), 10, "the link")
        env = dict(w.env, BATON_WORKSPACE="main")
        parts = {"call": lambda: timed([link, "empty"], env, w.root),
                 "start": lambda: timed([program, "--version"], env, w.root),
                 "command": lambda: timed(["/bin/true"], env, w.root)}
        with Client(w) as client:
            def open_call():
                begin = time.monotonic()
                client.call("bench.empty")
                return 1000 * (time.monotonic() - begin)
            parts["open"] = open_call
            times = {name: [] for name in parts}
            for i in range(count + 5):
                for name, run in parts.items():  # side by side, so that noise hits all of them
                    took = run()
                    if i >= 5:
                        times[name].append(took)
        w.run("hub", "stop", "--force", check=False)
    for name, all_times in times.items():
        f["bindings.%s.p50_ms" % name] = statistics.median(all_times)
        f["bindings.%s.p99_ms" % name] = percentile(all_times, 99)
    say("a call of an empty binding: p50 %.1f ms, of that a start %.1f ms"
        % (f["bindings.call.p50_ms"], f["bindings.start.p50_ms"]))
    return f
