#!/usr/bin/env bash
# Builds everything from a parameter file: app registrations, secrets, resources, application users, code. Again changes
# nothing; killed in the middle, it is run once more.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/applications.sh"
source "$root/infra/shell/secrets.sh"
source "$root/infra/shell/resources.sh"
source "$root/infra/shell/archive.sh"

usage() {
    cat <<'TEXT'
usage: infra/deploy.sh <parameter file> [--again | --before | --provisioned]

  --again         deploy the resources even if nothing has changed since the last time: undoes what was changed by hand
  --before        only what comes before the resources (azd makes them): registrations and providers, and print the
                  variables that the parameter file reads, without secrets
  --provisioned   the resources are there already (azd made them): only what comes after them

From the environment, all optional:
  AZURE_SUBSCRIPTION_ID                    refuse to work in another subscription
  CLIENT_SECRET_MAIN, CLIENT_SECRET_PEER   client secrets that exist; otherwise they are made in Entra
  ASK_SECRETS=1                            ask for the client secrets
  WEBHOOK_KEY                              function key of the webhooks; otherwise one is made
  DESKTOP_SECRET                           secret of the workstations' keys; the vault's otherwise, if it has one

With "param lockImmutability = true" it asks before it locks the archives' policies: this cannot be undone.
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    if [ $# -lt 1 ] || [ $# -gt 2 ]; then usage >&2 && exit 2; fi
    case ${2-none} in none | --again | --before | --provisioned) ;; *) usage >&2 && exit 2 ;; esac
    need_programs az jq curl git
    read_parameters "$1"
    need_login
    need_bicep
    need_providers
    find_or_make_application main
    find_or_make_application peer
    if [ "${2:-}" = --before ]; then
        read_outputs
        say_variables
        return
    elif [ "${2:-}" = --provisioned ]; then
        need_outputs
        settle_afterwards
    else
        read_outputs
        settle_client_secret main
        settle_client_secret peer
        settle_expiry main
        settle_expiry peer
        settle_desktop_secret
        know_archive main Main
        know_archive peer Peer
        # A pair that is there captures on: its nodes are told to use the credentials when these are there.
        [ "$FEDERATED" != true ] || [ -z "$OUTPUTS" ] || "$root/infra/entra.sh" "$PARAMETER_FILE" federate
        build_resources "${2:-}"
        unset CLIENT_SECRET_MAIN CLIENT_SECRET_PEER DESKTOP_SECRET
    fi
    [ "$FEDERATED" != true ] || "$root/infra/entra.sh" "$PARAMETER_FILE" federate
    [ "$LOCKED" != true ] || lock_archives
    "$root/infra/dataverse_users.sh" "$PARAMETER_FILE"
    "$root/infra/release.sh" "$PARAMETER_FILE"
    settle_webhook_key
    [ "$FEDERATED" != true ] || { say_left_secrets main && say_left_secrets peer; }
    say "address for the webhooks: $(output webhookUrl)"
    [ -z "$(output webhookUrlPeer)" ] || say "and the second one: $(output webhookUrlPeer)"
}

# What azd must know when it makes the resources. The newest secret counts: the day that azd knows may be an older one's.
say_variables() {
    local node name ends
    know_archive main Main
    know_archive peer Peer
    for node in main peer; do
        ends=''
        [ "$FEDERATED" = true ] || ends=$(newest_secret_ends "$node")
        [ -z "$ends" ] || export "CLIENT_SECRET_EXPIRES_$(capitals "$node")=$ends"
        for name in CLIENT_ID CLIENT_SECRET_EXPIRES ARCHIVE_LOCKED; do
            name=${name}_$(capitals "$node")
            [ -z "${!name:-}" ] || say "$name=${!name}"
        done
    done
}

# Whoever made the resources without secrets gets them afterwards, straight into the vaults and the nodes.
settle_afterwards() {
    local node variable
    for node in main peer; do
        settle_client_secret "$node"
        variable=CLIENT_SECRET_$(capitals "$node")
        [ -z "${!variable}" ] || { printf '%s' "${!variable}" | put_into_vault "$node" && show_secret_to_node "$node"; }
        unset "$variable"
    done
}

main "$@"
