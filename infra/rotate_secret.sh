#!/usr/bin/env bash
# A new client secret for both nodes, without a pause in capture: the one that is not ACTIVE first. The old one stays
# valid until the new one has been seen to work.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/applications.sh"
source "$root/infra/shell/secrets.sh"
source "$root/infra/shell/node.sh"

usage() {
    cat <<'TEXT'
usage: infra/rotate_secret.sh <parameter file> [main|peer]

Makes a new secret in Entra, puts it into the node's vault, restarts the node so that it reads it, hands the role over to
it as the proof (a node whose secret is refused gives the role up), and then deletes the old secrets in Entra. Without a
node's name: both. Killed in the middle, it is run once more; the node then gets one more new secret.
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    case ${2:-} in '' | main | peer) ;; *) usage >&2 && exit 2 ;; esac
    if [ $# -lt 1 ] || [ $# -gt 2 ]; then usage >&2 && exit 2; fi
    need_programs az jq curl
    read_parameters "$1"
    [ "$FEDERATED" != true ] || fail "the nodes use federated credentials: there is no secret to rotate."
    need_login
    need_outputs
    meet_nodes
    local node
    for node in main peer; do
        open_door "$node" && wait_for_an_answer "$node"
        wait_until_well "$node"
    done
    if [ -n "${2:-}" ]; then
        rotate "$2"
    elif [ "$(field ROLE main)" = ACTIVE ]; then
        rotate peer && rotate main
    else
        rotate main && rotate peer
    fi
}

rotate() {
    local node=$1 version
    find_or_make_application "$node"
    look_at "$node"
    if [ "$(field ROLE "$node")" = ACTIVE ]; then
        hand_over_to "$(other_of "$node")"
    fi
    version=$(field VERSION "$node")
    step "new client secret of $node"
    make_client_secret "$node" | put_into_vault "$node"
    step "restart of $node"
    show_secret_to_node "$node"
    of_site "$node" functionapp restart >/dev/null
    wait_until_well "$node" "$version"
    hand_over_to "$node"
    stays_active "$node"
    delete_old_secrets "$node"
}

# A tick or two with the role are some calls to Dataverse with the new secret.
stays_active() {
    local looks
    for looks in 1 2 3 4; do
        sleep "$POLL_SECONDS"
        look_at "$1"
        [ "$(field ROLE "$1")" = ACTIVE ] || fail "$1 has given the role up (look $looks): $(jq -r '.last_error.text // "no reason is known"' "$scratch/body")" \
            "The other node goes on. The old secret is still valid: see the reason, then run this again."
    done
}

delete_old_secrets() {
    local id key
    id=$(client_id_of "$1")
    for key in $(ask_azure ad app credential list --id "$id" | jq -r 'sort_by(.startDateTime)[:-1][].keyId'); do
        step "old secret $key of $1"
        az ad app credential delete --id "$id" --key-id "$key" -o none
    done
}

main "$@"
