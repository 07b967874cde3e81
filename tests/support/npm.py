"""Packages of npm for tests: installed once into a folder beside the built program (or where BATON_NPM
says), nothing globally. What is missing on the machine is a reason to skip a test, not to fail it."""

import json
import os
import shutil
import subprocess
import sys


class Skip(Exception):
    pass


def skip(reason):
    """Ends a test program as skipped; ctest knows the status."""
    print("skipped: " + reason, flush=True)
    sys.exit(77)


def node_major():
    out = subprocess.run(["node", "--version"], capture_output=True, timeout=30).stdout.decode()
    return int(out.strip().lstrip("v").split(".")[0])


def packages(program, name, *wanted, node=18, seconds=100):
    """A folder whose node_modules holds the wanted packages, each as NAME@VERSION or NAME."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise Skip("there is no %s here" % tool)
    if node_major() < node:
        raise Skip("%s wants Node %d, here is %d" % (name, node, node_major()))
    usual = os.path.join(os.path.dirname(os.path.abspath(program)), "npm")
    folder = os.path.join(os.environ.get("BATON_NPM", usual), name)
    stamp = os.path.join(folder, "installed.json")
    if os.path.exists(stamp) and json.load(open(stamp)) == list(wanted):
        return folder
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "package.json"), "w") as f:
        f.write('{"private": true}\n')
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--no-save",
               "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=20000", *wanted]
    try:
        r = subprocess.run(command, cwd=folder, capture_output=True, timeout=seconds,
                           stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Skip("npm did not get %s within %d s" % (" ".join(wanted), seconds))
    if r.returncode != 0:
        lines = r.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise Skip("npm could not get %s: %s" % (" ".join(wanted), lines[0]))
    with open(stamp, "w") as f:
        json.dump(list(wanted), f)
    return folder
