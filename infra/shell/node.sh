# shellcheck shell=bash
# Talks to the nodes themselves: health, status, role. Sourced, never run.
#
# A node lets nobody in but Front Door. For as long as a script talks to it, it lets this machine in, too, by one rule
# that is taken away again at the end; a rule that a killed script left behind is taken away by the next one.

DOOR=release
POLL_SECONDS=${RELEASE_POLL_SECONDS:-5}
LOOKS=${RELEASE_LOOKS:-180}

other_of() {
    case $1 in main) printf peer ;; peer) printf main ;; esac
}

# Find out where both nodes are. The keys are asked for when they are needed: a node without code has none.
meet_nodes() {
    local node
    scratch=$(mktemp -d)
    trap 'close_doors; rm -rf "$scratch"' EXIT
    for node in main peer; do
        export "APP_$node=$(output_of functionApp "$node")" "GROUP_$node=$(output_of resourceGroup "$node")"
        export "HOST_$node=$(of_site "$node" functionapp show | jq -r '.properties.defaultHostName // .defaultHostName')"
    done
}

# An az command about a node's site, answered in JSON.
of_site() {
    local group=GROUP_$1 app=APP_$1
    shift
    ask_azure "$@" --resource-group "${!group}" --name "${!app}"
}

# Ask a node over HTTP and print the status, 000 when there was no answer; the body is in $scratch/body.
# The key goes in by standard input: arguments can be read by every process of the machine.
ask_node() {
    local node=$1 method=$2 path=$3 body=${4:-} host=HOST_$1 key=KEY_$1
    : >"$scratch/body"
    {
        printf 'url = "https://%s/api/%s"\nrequest = "%s"\n' "${!host}" "$path" "$method"
        [ -z "${!key:-}" ] || printf 'header = "x-functions-key: %s"\n' "${!key}"
        [ -z "$body" ] || printf 'header = "content-type: application/json"\ndata = "%s"\n' "${body//\"/\\\"}"
    } | curl --config - --silent --max-time 30 --output "$scratch/body" --dump-header "$scratch/headers" \
        --write-out '%{http_code}' || true
}

# Let this machine in, if the node does not. It says itself which address it has refused.
open_door() {
    local node=$1 address
    OPENED=''
    [ "$(ask_node "$node" GET health)" = 403 ] || return 0
    address=${RELEASE_FROM:-$(sed -n 's/^x-ms-forbidden-ip: *\[*\([0-9a-fA-F.:]*\).*/\1/Ip' "$scratch/headers")}
    [ -n "$address" ] || fail "$node refuses this machine and does not say which address it sees." \
        "Set RELEASE_FROM to the address of this machine as the internet sees it, such as 203.0.113.7. With private" \
        "networking, run this in the node's virtual network."
    case $address in */*) ;; *:*) address=$address/128 ;; *) address=$address/32 ;; esac
    of_site "$node" functionapp config access-restriction add --rule-name "$DOOR" --action Allow \
        --ip-address "$address" --priority 90 >/dev/null
    OPENED=1
    local looks=0
    while [ "$(ask_node "$node" GET health)" = 403 ]; do
        [ $((looks += 1)) -le "$LOOKS" ] || fail "$node still refuses this machine ($address)." \
            "Set RELEASE_FROM to the address of this machine as the internet sees it, and run this again."
        sleep "$POLL_SECONDS"
    done
}

close_doors() {
    local node app
    for node in main peer; do
        app=APP_$node
        [ -n "${!app:-}" ] || continue
        if of_site "$node" functionapp config access-restriction show |
            jq -e --arg name "$DOOR" 'any(.ipSecurityRestrictions[]?; .name == $name)' >/dev/null; then
            of_site "$node" functionapp config access-restriction remove --rule-name "$DOOR" --action Allow \
                >/dev/null || say "the rule $DOOR of ${!app} could not be removed: run this again" >&2
        fi
    done
}

# Read a node's status into VERSION_, ROLE_, BEAT_ and AT_ of the node; ROLE_ is ABSENT when it does not answer, and
# EMPTY when it answers that there is nothing: a site without code.
look_at() {
    local node=$1 key=KEY_$1 status fields
    [ -n "${!key:-}" ] || export "$key=$(of_site "$node" functionapp keys list 2>/dev/null | jq -r '.masterKey // empty')"
    status=$(ask_node "$node" GET status)
    if [ "$status" = 200 ] &&
        fields=$(jq -er '[.version // "none", .role, .heartbeat.last_heartbeat // "none", .at] | join(" ")' "$scratch/body"); then
        # shellcheck disable=SC2086  # four words without spaces of their own
        set -- $fields
    elif [ "$status" = 404 ]; then
        set -- none EMPTY none none
    else
        [ "$status" != 401 ] || export "$key=" # it was changed, or is not there yet
        set -- none ABSENT none none
    fi
    export "VERSION_$node=$1" "ROLE_$node=$2" "BEAT_$node=$3" "AT_$node=$4"
}

field() {
    local variable=$1_$2
    printf '%s' "${!variable}"
}

# Is the node well: healthy, and its timer ticks?
is_well() {
    look_at "$1"
    case $(field ROLE "$1") in ACTIVE | READY | RESIGNED) ;; *) return 1 ;; esac
    [ "$(ask_node "$1" GET health)" = 200 ]
}

# Wait until the node is well; with a version, until this version is what answers and its timer has ticked since.
wait_until_well() {
    local node=$1 version=${2:-} since='' looks=0
    while :; do
        if is_well "$node"; then
            [ -n "$version" ] || return 0
            if [ "$(field VERSION "$node")" = "$version" ]; then
                [ -n "$since" ] || since=$(field AT "$node")
                [[ $(field BEAT "$node") > $since ]] && return 0
            fi
        fi
        [ $((looks += 1)) -le "$LOOKS" ] || fail \
            "$node is not well after $LOOKS looks: version $(field VERSION "$node"), role $(field ROLE "$node"). It says: $(head -c 300 "$scratch/body")" \
            "The other node goes on as before. See the logs in Application Insights, repair it, and run this again."
        sleep "$POLL_SECONDS"
    done
}

# Call a node to be ACTIVE and wait until it is, and the other one is not.
hand_over_to() {
    local node=$1 other status looks=0
    other=$(other_of "$node")
    step "hand over from $other to $node"
    status=$(ask_node "$node" POST role "{\"active\": \"$node\"}")
    [ "$status" = 202 ] || fail "$node does not take the role: HTTP $status $(head -c 300 "$scratch/body")" "Run this again."
    while look_at "$node" && look_at "$other" &&
        { [ "$(field ROLE "$node")" != ACTIVE ] || [ "$(field ROLE "$other")" = ACTIVE ]; }; do
        [ $((looks += 1)) -le "$LOOKS" ] || fail "$node has not become ACTIVE after $LOOKS looks." \
            "See status and last error of both nodes, and run this again."
        sleep "$POLL_SECONDS"
    done
}

# After a door was opened: give a node that was well the time to answer again. One without code has nothing to say.
wait_for_an_answer() {
    local looks=0
    [ -n "$OPENED" ] || return 0
    while look_at "$1" && [ "$(field ROLE "$1")" = ABSENT ] && [ $((looks += 1)) -le 12 ]; do
        sleep "$POLL_SECONDS"
    done
}
