#!/usr/bin/env bash
# Takes everything away that infra/deploy.sh has built. Asks twice, and says first what becomes of the archive.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
source "$root/infra/shell/say.sh"
source "$root/infra/shell/parameters.sh"
source "$root/infra/shell/azure.sh"
source "$root/infra/shell/applications.sh"
source "$root/infra/shell/archive.sh"

usage() {
    cat <<'TEXT'
usage: infra/destroy.sh <parameter file> [--with-applications]

  --with-applications   delete the two app registrations in Entra, too

Killed in the middle, it is run once more. It also takes away what a first deployment that failed has left. What is left
in Dataverse (two application users, a role, the webhook) is removed by hand: python -m capture webhook remove, then the
admin center.
TEXT
}

main() {
    case ${1:-} in -h | --help) usage && exit 0 ;; esac
    [ $# -eq 1 ] || [ "$*" = "${1:-} --with-applications" ] || { usage >&2 && exit 2; }
    need_programs az jq
    read_parameters "$1"
    need_login
    read_outputs
    [ -n "$OUTPUTS" ] || need_remains
    tell_what_goes
    ask_person "First: type the name of the environment ($ENVIRONMENT):"
    [ "$ANSWER" = "$ENVIRONMENT" ] || fail "That is not the environment; nothing was deleted."
    ask_person "Second: type 'delete the recordings':"
    [ "$ANSWER" = 'delete the recordings' ] || fail "Nothing was deleted."
    take_away
    [ "${2:-}" != --with-applications ] || delete_applications
}

# As infra/main.bicep names them; a first deployment that failed has no outputs.
groups() {
    printf "rg-$PREFIX-$ENVIRONMENT-%s\n" main peer witness
}

# Without a deployment that has succeeded, only groups that are there can be meant.
need_remains() {
    local group
    for group in $(groups); do
        [ "$(ask_azure group exists --name "$group")" != true ] || return 0
    done
    need_outputs
}

tell_what_goes() {
    local group
    say "These resource groups go, with all that is in them:"
    groups | sed 's/^/    /'
    if [ -z "$OUTPUTS" ]; then
        say "No deployment has succeeded, so nothing was ever recorded here. Key vaults stay in the recycle bin"
        say "for 90 days; if there were any, another attempt before that needs another environmentName."
        return
    fi
    say "The archives:"
    for node in main peer; do
        group="rg-$PREFIX-$ENVIRONMENT-$node"
        [ "$(ask_azure group exists --name "$group")" = true ] || { say "    $node: gone already" && continue; }
        say "    $node: $(archive_fate "$node")"
    done
    say "The key vaults $(output_of keyVault main) and $(output_of keyVault peer) stay in the recycle bin of Key Vault"
    say "for 90 days; their names are taken until then: a pair that is built before that needs another environmentName."
    say "App registrations stay unless --with-applications is given."
}

# What a locked policy protects, nobody can delete before its time, Microsoft included.
archive_fate() {
    local account policy days
    account=$(output_of storage "$1")
    policy=$(policy_of "$1")
    days=$(jq -r .days <<<"$policy")
    case $(jq -r .state <<<"$policy") in
        Locked) printf '%s survives: its policy is locked. Recordings younger than %s days cannot be deleted, nor can the account and its group while it has any.' "$account" "$days" ;;
        Unlocked) printf '%s goes with all recordings: its policy (%s days) is not locked. If Azure keeps the account because of it, delete the policy and run this again.' "$account" "$days" ;;
        *) printf '%s goes with all recordings: no policy protects them.' "$account" ;;
    esac
}

take_away() {
    local group lock deployment left=''
    for group in $(groups); do
        [ "$(ask_azure group exists --name "$group")" = true ] || continue
        for lock in $(ask_azure lock list --resource-group "$group" | jq -r '.[].id'); do
            step "lock $lock"
            az lock delete --ids "$lock" -o none
        done
        step "resource group $group (takes some minutes)"
        az group delete --name "$group" --yes -o none || left="$left $group"
    done
    [ -z "$left" ] || fail "Azure has kept:$left. az has said why above." \
        "What a locked policy protects can be deleted when its time is over; run this again then."
    # The one that tells what there was goes last.
    for deployment in $(deployment_names '["Failed", "Canceled"]') $(deployment_names '["Succeeded"]'); do
        az deployment sub delete --name "$deployment" -o none
    done
    say "everything is deleted"
}

delete_applications() {
    local node id
    for node in main peer; do
        know_application "$node"
        id=$(client_id_of "$node")
        [ "$id" != "$NO_ID" ] || continue
        step "app registration $(application_name "$node")"
        az ad app delete --id "$id"
    done
}

main "$@"
