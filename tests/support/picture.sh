#!/usr/bin/env bash
# picture.sh BATON PNG: takes the README's picture of the console: a real one, in a terminal of tmux,
# with vim, a shell and some other shells. Wants tmux, vim, git and what ansi2png.py wants.
set -euo pipefail

# shellcheck source=SCRIPTDIR/picture_stage.sh
. "$(dirname "${BASH_SOURCE[0]}")/picture_stage.sh"

cat >"$home/.bashrc" <<'END'
PS1='\[\e[1;34m\]\W\[\e[0m\] $ '
END
printf 'syntax on\nset number\nset background=dark\ncolorscheme desert\n' >"$home/.vimrc"
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
take 118 34
