#!/usr/bin/env bash
# picture.sh BATON PNG: takes the README's picture of the console: a real one, in a terminal of tmux,
# with vim, a shell and some other shells. Wants tmux, vim, git and what ansi2png.py wants.
set -euo pipefail

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

# until_shown TEXT: the console shows it, within ten seconds
until_shown() {
    local end=$((SECONDS + 10))
    until t capture-pane -p | grep -q -- "$1"; do
        if [ $SECONDS -ge $end ]; then
            t capture-pane -p >&2
            echo "picture: '$1' is not shown" >&2
            exit 1
        fi
        read -rt 0.05 <> <(:) || :
    done
}

cat >"$home/.bashrc" <<'END'
PS1='\[\e[1;34m\]\W\[\e[0m\] $ '
END
printf 'syntax on\nset number\nset background=dark\ncolorscheme desert\n' >"$home/.vimrc"
printf 'set -g default-terminal tmux-256color\nset -ga terminal-features ",*:RGB"\nset -g status off\n' \
    >"$home/tmux.conf"
git clone -q "$tree" "$home/baton"
cd "$home/baton"

"$baton" workspace open main --cwd "$home/baton" >/dev/null
t new-session -d -x 118 -y 34 "COLORTERM=truecolor '$baton' run -- vim core/base/clock.c"
until_shown 'clock_gettime'
t send-keys C-b '"'
until_shown 'baton \$ '
t send-keys 'git log --color --format="%C(yellow)%h%C(reset) %s" -7' Enter
for name in tests lint build; do
    case $name in
        tests) command='exit 0' ;;
        lint) command='exit 1' ;;
        *) command='while :; do echo cc; read -rt 0.3 <> <(:); done' ;;
    esac
    "$baton" shell open --name "$name" --cwd "$home/baton" -- bash -c "$command" >/dev/null
done
until_shown 'build *sh5'
until_shown 'lint *sh4 *✗'
until_shown 'C-b ?'
t capture-pane -ep >"$home/screen"
"$tree/tests/support/ansi2png.py" --in "$home/screen" --size 15 --cols 118 --rows 34 "$png"
