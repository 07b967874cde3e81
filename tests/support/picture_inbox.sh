#!/usr/bin/env bash
# picture_inbox.sh BATON PNG [COLS ROWS]: takes the README's picture of an inbox: a real one, of two
# people and three agents, in a terminal of tmux. Wants tmux, git and what ansi2png.py wants.
set -euo pipefail

# shellcheck source=SCRIPTDIR/picture_stage.sh
. "$(dirname "${BASH_SOURCE[0]}")/picture_stage.sh"

cols=${3:-128}
rows=${4:-32}

as() { "$baton" --identity "$@"; }

# newest ID of an inbox
newest() { as "$1" inbox list --limit 1 --json | sed 's/.*"id":"\(msg_[0-9a-f]*\)".*/\1/'; }

printf 'PS1="$ "\n' >"$home/.bashrc"
cd "$home"
"$baton" workspace open shared-agent --cwd "$home" >/dev/null
for agent in writer reviewer build; do
    as ada identity create "$agent" --kind agent >/dev/null
done
as ada comms subscribe --channel alerts >/dev/null
{
    as build comms publish --channel alerts --message 'nightly is green again, 412 tests in 38 s'
    as reviewer comms send --to ada --message 'I take auth.c first, then the sessions'
    # shellcheck disable=SC2016 # the backticks are Markdown
    as reviewer email send --to ada --cc writer --subject 'api.ts: before it goes in' --body \
        'I have read it twice. Two things, then it can go in:

1. `token_check` is called **before** the lock is taken; a second caller slips through.
2. The test for an expired token sleeps. Use the clock that tests can set.

```c
- return check(t, NULL);
+ return token_check(t, clock_now(c));
```

The rest is fine. Shall writer do it?'
} >/dev/null
first=$(newest ada)
{
    as ada email reply-all --message-id "$first" --body 'Yes, please. Writer, both before lunch?'
    as writer email reply-all --message-id "$(newest writer)" --body \
        'Both are in: 3f1c takes the lock first, 9be2 has the clock. All tests pass.'
    as writer comms send --to ada --message 'May I start on the migration?'
    as build comms publish --channel alerts --message 'main is red since 7f2c: test_token' --priority high
} >/dev/null 2>&1 || :
t new-session -d -x "$cols" -y "$rows" "COLORTERM=truecolor '$baton' -w shared-agent"
until_shown 'C-b ?'
t send-keys C-b i
until_shown 'I take auth'
t send-keys C-b z
t send-keys Home
for _ in 1 2 3 4 5 6 7 8; do
    t capture-pane -p | grep -q 'I have read it twice. Two things' && break
    was=$(t capture-pane -p)
    t send-keys j
    until_changed "$was"
done
until_shown 'Shall writer do it'
t send-keys Enter r
until_shown 'reply to reviewer'
t send-keys -l 'Thank you both. I merge it after'
until_shown 'I merge it after'
take "$cols" "$rows"
