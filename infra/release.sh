#!/usr/bin/env bash
# Brings code to both nodes without losing a call: the one that is not ACTIVE first; when it is well it gets the role,
# and then comes the other one.
#
# There is no list of what has been done. Before every step the nodes are asked which version they run and who is
# ACTIVE, so a release that was killed anywhere is taken up by running it again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/node.sh"
source "$root/infra/shell/package.sh"

usage() {
    cat <<'TEXT'
usage: infra/release.sh <parameter file> [--commit <commit>] [--active main|peer] [--alone]

  --commit   what is released; the checked-out commit otherwise. An earlier one is how a release is taken back
  --active   who is ACTIVE at the end; whoever it is then otherwise
  --alone    go on although the other node is not well: nobody captures while this one restarts

From the environment, all optional:
  RELEASE_LOOKS          how often a node is looked at before it is given up (180)
  RELEASE_POLL_SECONDS   time between two looks (5)
  RELEASE_FROM           address of this machine as the nodes see it; otherwise they are asked
TEXT
}

read_arguments() {
    COMMIT=HEAD FINALLY='' ALONE='' FILE=''
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) usage && exit 0 ;;
            --commit) COMMIT=${2:-} && shift ;;
            --active) FINALLY=${2:-} && shift ;;
            --alone) ALONE=1 ;;
            -*) usage >&2 && exit 2 ;;
            *) if [ -z "$FILE" ]; then FILE=$1; else usage >&2 && exit 2; fi ;;
        esac
        shift || break
    done
    case $FINALLY in '' | main | peer) ;; *) usage >&2 && exit 2 ;; esac
    if [ -z "$FILE" ] || [ -z "$COMMIT" ]; then usage >&2 && exit 2; fi
}

main() {
    read_arguments "$@"
    need_programs az jq curl git
    read_parameters "$FILE"
    need_login
    need_outputs
    know_package "$root" "$COMMIT"
    say "release $PACKAGE_VERSION"
    meet_nodes
    # One after the other: should Azure restart a site when its door is opened, the other one is up.
    open_door main && wait_for_an_answer main
    open_door peer && wait_for_an_answer peer
    release
}

release() {
    local next
    while look_at main && look_at peer && next=$(next_node) && [ -n "$next" ]; do
        if [ -n "$ALONE" ] && ! is_well "$(other_of "$next")"; then
            say "$(other_of "$next") is not well; nobody captures while $next restarts"
        elif [ "$(field ROLE "$next")" = ACTIVE ]; then
            wait_until_well "$(other_of "$next")"
            hand_over_to "$(other_of "$next")"
            continue
        else
            need_another "$next"
        fi
        deploy_to "$next"
    done
    for next in main peer; do
        [ -n "$ALONE" ] || wait_until_well "$next"
    done
    if [ -n "$FINALLY" ] && [ "$(field ROLE "$FINALLY")" != ACTIVE ]; then
        hand_over_to "$FINALLY"
    fi
    say "main: $(field VERSION main), $(field ROLE main)"
    say "peer: $(field VERSION peer), $(field ROLE peer)"
}

# Print which node has another version and comes next, nothing when none has: the one that is not ACTIVE, peer if both
# are not. With --alone one that does not answer comes last: its region may be gone, and the other one must not wait.
next_node() {
    local node next='' other
    for node in main peer; do
        [ "$(field VERSION "$node")" != "$PACKAGE_VERSION" ] || continue
        [ -n "$next" ] && [ "$(field ROLE "$node")" = ACTIVE ] || next=$node
    done
    if [ -n "$ALONE" ] && [ -n "$next" ] && [ "$(field ROLE "$next")" = ABSENT ]; then
        other=$(other_of "$next")
        [ "$(field VERSION "$other")" = "$PACKAGE_VERSION" ] || next=$other
    fi
    printf '%s' "$next"
}

# Whoever is taken down must not be the only one that works.
need_another() {
    local other
    other=$(other_of "$1")
    if ! is_well "$1" || is_well "$other"; then
        return 0
    fi
    fail "$1 is to be restarted, but $other is not well: version $(field VERSION "$other"), role $(field ROLE "$other")." \
        "Repair $other first, or say --alone if nobody shall capture meanwhile."
}

deploy_to() {
    local app=APP_$1
    make_package
    step "$PACKAGE_VERSION to $1 (${!app}), which is $(field ROLE "$1")"
    of_site "$1" functionapp deployment source config-zip --src "$scratch/package.zip" --build-remote true \
        --timeout 900 >/dev/null || fail "the code could not be brought to $1; az has said why above." \
        "The other node goes on as before. Run this again."
    wait_until_well "$1" "$PACKAGE_VERSION"
}

main "$@"
