#!/bin/sh
# The bridge from a writer to the reviewer; it runs on the host, started by the hub. The input is
# JSON on stdin, {"code": TEXT} or {"path": PATH}; the result is JSON, {"review": TEXT}. The two
# workspaces share no file: what is to be reviewed is written into the reviewer's. No text of the
# caller's ever becomes a word of this script, an option or a line of the prompt. Which agent reviews
# stands in the file review-agent beside this one.
set -eu

reviewer=reviewer
agent=demo
if [ -e review-agent ]; then
    read -r agent <review-agent
fi
work=$(mktemp -d)
session=

finish()
{
    if [ -n "$session" ]; then
        baton session close "$session" >/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

fail()
{
    printf '%s\n' "$1" >&2
    exit 1
}

cat >"$work/input"
if baton json-field code <"$work/input" >"$work/text" 2>/dev/null; then
    path=/home/user/review.ts
    name="\"$path\""
else
    # The / behind it keeps line ends that a name may end with.
    path=$(baton json-field path <"$work/input" && echo /)
    path=${path%/}
    name=$(baton --json json-field path <"$work/input")
    [ -n "$BATON_CALLER_WORKSPACE" ] || fail "Who calls from no workspace has to send --code."
    baton -w "$BATON_CALLER_WORKSPACE" fs read --path="$path" >"$work/text"
fi
baton -w "$reviewer" fs write --path="$path" <"$work/text" >/dev/null

baton --json -w "$reviewer" session create "$agent" --name review >"$work/session"
session=$(baton json-field sessionId <"$work/session")

# As JSON a path is one line, whatever is in it. The demo agent does what lines say and has no
# opinions: its review tells what it has read.
printf 'Review the code in the file %s and list any issues.\n' "$name" >"$work/prompt"
if [ "$agent" = demo ]; then
    printf 'read %s\n' "$name" >>"$work/prompt"
fi
baton --json session prompt "$session" <"$work/prompt" >"$work/answer"
reason=$(baton json-field stopReason <"$work/answer")
[ "$reason" = end_turn ] || fail "The reviewer's turn has ended: $reason."
review=$(baton --json json-field text <"$work/answer")
printf '{"review":%s}\n' "$review"
