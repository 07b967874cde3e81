"""Sandboxes in tests: can this machine make one at all? Where it cannot, a test of them is skipped
and says so; baton itself then refuses them, by name."""

import subprocess
import sys


def why_none():
    """None when bubblewrap works here, else what it says."""
    try:
        r = subprocess.run(["bwrap", "--unshare-user", "--unshare-pid", "--unshare-net",
                            "--disable-userns", "--uid", "1000", "--gid", "1000", "--ro-bind", "/",
                            "/", "--proc", "/proc", "--dev", "/dev", "/bin/true"],
                           capture_output=True, timeout=20)
    except FileNotFoundError:
        return "bubblewrap is not there"
    return None if r.returncode == 0 else r.stderr.decode(errors="replace").strip()


def need_sandbox():
    why = why_none()
    if why:
        print("skipped: no sandbox can be made here: " + why)
        sys.exit(77)
