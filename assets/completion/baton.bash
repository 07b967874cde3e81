# bash completion for baton; put it where bash-completion looks, or: eval "$(baton completion bash)"
_baton()
{
    local IFS=$'\n'
    local current=${COMP_WORDS[COMP_CWORD]}
    local words
    words=$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _baton baton
