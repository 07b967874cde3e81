# What picture*.sh share; sourced by them with BATON PNG as arguments. A home of its own, a terminal of
# tmux in it, and both thrown away at the end: `t` is that tmux, `until_shown` waits for a text,
# `until_changed` for another screen than the one given, `take` makes the picture.
# shellcheck shell=bash

baton=$(realpath "${1:?which baton?}")
png=$(realpath -m "${2:?which file?}")
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
home=$(mktemp -d "${TMPDIR:-/tmp}/baton-picture.XXXXXX")

export HOME=$home XDG_RUNTIME_DIR=$home/run XDG_STATE_HOME=$home/state
export XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data BATON_IDENTITY=ada
export SHELL=/bin/bash LC_ALL=C.UTF-8
mkdir -m 700 "$home/run"

t() { tmux -S "$home/tmux" -f "$home/tmux.conf" "$@"; }

clean_up() {
    t kill-server 2>/dev/null || :
    "$baton" hub stop --force >/dev/null 2>&1 || :
    cd / && rm -rf "$home"
}
trap clean_up EXIT

# until_so WHAT COMMAND...: the command succeeds, within ten seconds
until_so() {
    local what=$1 end=$((SECONDS + 10))
    shift
    until "$@"; do
        if [ $SECONDS -ge $end ]; then
            t capture-pane -p >&2
            echo "picture: $what" >&2
            exit 1
        fi
        read -rt 0.05 <> <(:) || :
    done
}

shows() { t capture-pane -p | grep -q -- "$1"; }
differs() { [ "$(t capture-pane -p)" != "$1" ]; }
until_shown() { until_so "'$1' is not shown" shows "$1"; }
until_changed() { until_so "a key changes nothing" differs "$1"; }

# take COLS ROWS: what the terminal shows now becomes the picture
take() {
    t capture-pane -ep >"$home/screen"
    "$tree/tests/support/ansi2png.py" --in "$home/screen" --size 15 --cols "$1" --rows "$2" "$png"
}

printf 'set -g default-terminal tmux-256color\nset -ga terminal-features ",*:RGB"\nset -g status off\n' \
    >"$home/tmux.conf"
