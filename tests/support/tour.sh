#!/usr/bin/env bash
# tour.sh BATON: uses the built program as a person would, without a terminal, and says what it saw:
# a hub, a workspace, a shell, a second client that watches, an agent at work; the hub is killed with
# -9 and comes back; nothing of the record is lost or changed. Everything happens in a folder of its
# own, which is gone at the end. Exit status 0: all of it was so.
# shellcheck disable=SC2016 # what is typed into the shell is for that shell to expand
set -euo pipefail

baton=$(realpath "${1:?which baton?}")
home=$(mktemp -d "${TMPDIR:-/tmp}/baton-tour.XXXXXX")
watcher=

for name in ${!BATON*} ${!XDG_*} ${!TMUX*}; do
    unset "$name"
done
export HOME=$home XDG_RUNTIME_DIR=$home/run XDG_STATE_HOME=$home/state
export XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data
export SHELL=/bin/bash TERM=xterm-256color LC_ALL=C.UTF-8
mkdir -m 700 "$home/run"
cd "$home"

# Pids of ours that are left: those that have this HOME in their environment.
left() {
    local file
    for file in /proc/[0-9]*/environ; do
        if { tr '\0' '\n' <"$file"; } 2>/dev/null | grep -qxF "HOME=$home"; then
            file=${file%/environ}
            [ "${file#/proc/}" = $$ ] || [ "${file#/proc/}" = "$BASHPID" ] || echo "${file#/proc/}"
        fi
    done
}

clean_up() {
    local status=$?
    trap - EXIT
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || :
    timeout 10 "$baton" hub stop --force >/dev/null 2>&1 || :
    if [ $status -ne 0 ]; then
        echo "--- the end of the hub's log" >&2
        tail -n 20 "$home"/state/baton/*/hub.log >&2 2>/dev/null || :
    fi
    # shellcheck disable=SC2046 # a list of pids
    kill -9 $(left) 2>/dev/null || :
    cd / && rm -rf "$home"
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM

done_so() { printf '✓ %s\n' "$*"; }

wrong() {
    printf '✗ %s\n' "$*" >&2
    exit 1
}

b() {
    timeout 30 "$baton" "$@" || wrong "baton $* failed with status $?"
}

# The value of a name in the one-line JSON of standard input.
value() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }

ask() {
    local name=$1
    shift
    b --json "$@" | tr -d '\n\t ' | value "$name"
}

# in_time WHAT COMMAND...: the command comes true within ten seconds
in_time() {
    local what=$1 end=$((SECONDS + 10))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || wrong "$what: not within 10 s"
        read -rt 0.02 <> <(:) || :
    done
}

# A hub is no child of ours: it has ended once it waits to be reaped, and in a container whose first
# process reaps nothing it waits for ever.
gone() {
    local stat
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
    [[ ${stat##*) } = [ZX]* ]]
}

# A shell's keeper tells its hub the pid, a moment after the shell is open or found again.
child_known() { child=$(ask pid shell list) && [ -n "$child" ]; }
child_is_same() { [ "$(ask pid shell list)" = "$child" ]; }

watcher_has() { grep -aq "$1" "$home/watched"; }

b --version >/dev/null
hub=$(ask pid hub status 2>/dev/null || :)
[ -z "$hub" ] || wrong "a hub runs already in a folder that was made just now"
b hub start >/dev/null
hub=$(ask pid hub status)
kill -0 "$hub" || wrong "hub status names pid $hub, which does not run"
done_so "a hub runs, pid $hub"

b workspace open main >/dev/null
done_so "the workspace main is open"

shell=$(ask shellId shell open --cols 80 --rows 24 -- bash --norc --noprofile)
[ -n "$shell" ] || wrong "shell open gave no shellId"
in_time "the hub knows the pid of $shell" child_known
done_so "$shell runs bash, pid $child"

"$baton" stream read "$shell" --follow >"$home/watched" &
watcher=$!
b shell write "$shell" 'echo "forty and two are $((40 + 2))"
'
b shell wait "$shell" --text '^forty and two are 42'
done_so "a command typed into $shell answers on its screen"
in_time "the second client sees the answer" watcher_has 'forty and two are 42'
done_so "a second client watches $shell live"

b shell write "$shell" 'for i in $(seq 1000); do echo "line $i"; done; echo "end of" lines
'
b shell wait "$shell" --text '^end of lines'
b stream read "$shell" >"$home/before"
grep -aq 'line 1000' "$home/before" || wrong "the record lacks the last line"
b shell snapshot "$shell" >"$home/screen.before"
done_so "the record holds $(wc -c <"$home/before") bytes"

kill -9 "$hub"
in_time "the hub dies" gone "$hub"
kill -0 "$child" || wrong "$shell died with the hub"
done_so "the hub is killed with -9; $shell still runs"

again=$(ask pid hub start)
again=${again:-$(ask pid hub status)}
[ "$again" != "$hub" ] || wrong "hub status names the pid of the dead one"
in_time "the new hub has found $shell, the same process" child_is_same
done_so "a new hub, pid $again, has found $shell, the same process"

b stream read "$shell" >"$home/after"
cmp "$home/before" "$home/after" || wrong "the record has changed"
b shell snapshot "$shell" >"$home/screen.after"
cmp "$home/screen.before" "$home/screen.after" || wrong "the screen has changed"
done_so "its record is the same, byte for byte, and so is its screen"

b shell write "$shell" 'echo "after the" crash
'
b shell wait "$shell" --text '^after the crash'
in_time "the second client sees what came after" watcher_has 'after the crash'
b shell write "$shell" 'exit 7
'
b shell wait "$shell" --exit
[ "$(ask exitCode shell list --all)" = 7 ] || wrong "the exit status of $shell is not 7"
in_time "the second client ends with $shell" gone "$watcher"
wait "$watcher" || wrong "the second client failed"
watcher=
b stream read "$shell" >"$home/all"
cmp "$home/all" "$home/watched" || wrong "the second client has other bytes than the record"
done_so "the second client has every byte once, across the crash: $(wc -c <"$home/watched")"

# An agent, the one that is a part of baton: no model, no network.
session=$(ask sessionId session create demo --workspace main)
[ -n "$session" ] || wrong "session create gave no sessionId"
done_so "$session: the demo agent is ready"

"$baton" session events "$session" --follow >"$home/events" &
watcher=$!
"$baton" session prompt "$session" --follow 'plan Look; Ask; Write
think What would they like to see?
say I write a file, if I may.
write tour.txt made by an agent
run cat tour.txt
say That is all.' >"$home/turn" &
turn=$!
asked() { permission=$(ask permissionId session permissions "$session") && [ -n "$permission" ]; }
in_time "the agent asks before it writes" asked
[ ! -e tour.txt ] || wrong "the file is written before anybody allowed it"
done_so "it works at a prompt, and asks before it writes a file ($permission)"
turn_shows() { grep -aq "baton session answer $session $permission" "$home/turn"; }
in_time "whoever prompted sees what to answer with" turn_shows

kill -9 "$again"
in_time "the hub dies" gone "$again"
b session answer "$session" "$permission" allow >/dev/null
again=$(ask pid hub status)
done_so "the hub is killed again; the next one, pid $again, has the question still, and its answer"

b session events "$session" --method _baton/permission_resolved --json >"$home/answered"
[ "$(grep -o '"permissionId"' "$home/answered" | wc -l)" = 1 ] || wrong "it was answered twice"
first=$permission
asks_again() { asked && [ "$permission" != "$first" ]; }
in_time "the agent asks before it runs a command" asks_again
b session answer "$session" "$permission" allow >/dev/null
wait "$turn" || wrong "the prompt failed with status $?"
grep -aq 'That is all.' "$home/turn" || wrong "the turn's last words are missing"
[ "$(cat tour.txt)" = 'made by an agent' ] || wrong "the file is not what was asked for"
done_so "the turn goes on to its end, and the file is written"

b session close "$session" >/dev/null
in_time "the watcher of $session ends with it" gone "$watcher"
wait "$watcher" || wrong "the watcher of $session failed"
watcher=
lines=$(wc -l <"$home/events")
b session events "$session" --limit 10000 --json >"$home/disk"
[ "$(grep -o '"sequenceNumber"' "$home/disk" | wc -l)" = "$lines" ] ||
    wrong "the watcher has $lines events, the disk another number"
sed 's/.*"sequenceNumber":\([0-9]*\).*/\1/' "$home/events" | cmp - <(seq "$lines") ||
    wrong "the watcher missed an event, or has one twice"
done_so "who watched has all $lines events of it once, across the crash"

b hub stop --force >/dev/null
in_time "the hub stops" gone "$again"
nothing_left() { [ -z "$(left)" ]; }
in_time "all processes end" nothing_left
done_so "the hub stops and leaves nothing behind"
