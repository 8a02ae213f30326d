# shellcheck shell=bash
# How the scripts talk to a person. Sourced, never run.

say() {
    printf '%s\n' "$*"
}

step() {
    printf '==> %s\n' "$*"
}

# What is wrong, then what to do about it: a line each. Ends the script.
fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Ask for a line and set ANSWER to it; at the end of the input it is empty.
# shellcheck disable=SC2034  # who sources this reads it
ask_person() {
    ANSWER=''
    printf '%s ' "$1"
    IFS= read -r ANSWER || true
    [ -t 0 ] || printf '\n' # nobody has pressed Enter on the screen
}
