#!/bin/sh
# Sets the sample up: two sandboxes, the binding `review`, and a session with the writer in its own.
# Whatever is there already stays; a binding `review` of another kind is not overwritten.
# usage: setup.sh [WRITER [REVIEWER]] [--network] [--mount SRC:DST[:ro]]...
# Both are agents as `baton session agents` lists them, demo unless told; flags are for both worlds.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bindings=${XDG_CONFIG_HOME:-$HOME/.config}/baton/bindings
writer=demo
case ${1:--} in -*) ;; *) writer=$1 && shift ;; esac
reviewer=$writer
case ${1:--} in -*) ;; *) reviewer=$1 && shift ;; esac

for file in review-submit.sh review.json; do
    if [ -e "$bindings/$file" ] && ! cmp -s "$here/bindings/$file" "$bindings/$file"; then
        printf '%s is there already, and is another one: move it away first.\n' "$bindings/$file" >&2
        exit 1
    fi
done

baton workspace open writer --sandbox "$@"
baton workspace open reviewer --sandbox "$@"
mkdir -p "$bindings"
printf '%s\n' "$reviewer" >"$bindings/review-agent"
cp "$here/bindings/review-submit.sh" "$here/bindings/review.json" "$bindings/"
chmod +x "$bindings/review-submit.sh"
baton hub reload

# The demo agent does what it is told; it need not ask before each line. Others ask.
if [ "$writer" = demo ]; then
    set -- --mode auto
else
    set --
fi
baton -w writer session create "$writer" --name writer "$@"
