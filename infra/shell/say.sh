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

# Ask for a line; at the end of the input the answer is empty.
ask_person() {
    local answer=''
    printf '%s ' "$1" >&2
    IFS= read -r answer || true
    printf '%s' "$answer"
}
