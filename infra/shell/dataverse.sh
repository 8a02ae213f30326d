# shellcheck shell=bash
# Rows of the Dataverse organisation: business unit, role, users. Sourced, never run.
#
# az signs in: the token of whoever is logged in, for the organisation's address.

dataverse() {
    local method=$1 path=$2
    shift 2
    az rest --method "$method" --url "$DYNAMICS/api/data/v9.2/$path" --resource "$DYNAMICS" "$@" -o json ||
        fail "Dataverse refused: $method $path" \
            "Whoever is logged in (az account show) must be System Administrator in $DYNAMICS."
}

root_unit() {
    dataverse get "businessunits?\$select=businessunitid&\$filter=_parentbusinessunitid_value eq null" |
        jq -r '.value[0].businessunitid'
}

role_id() {
    dataverse get "roles?\$select=roleid&\$filter=name eq '$ROLE_NAME' and _businessunitid_value eq $1" |
        jq -r '.value[0].roleid // empty'
}

# Set ROLE to the id of the role; make it if it is not there.
find_or_make_role() {
    ROLE=$(role_id "$1")
    [ -z "$ROLE" ] || return 0
    step "role $ROLE_NAME"
    dataverse post roles --body "$(jq -nc --arg name "$ROLE_NAME" --arg unit "$1" \
        '{name: $name, "businessunitid@odata.bind": "/businessunits(\($unit))"}')" >/dev/null
    ROLE=$(role_id "$1")
}

# The privileges to read the tables, as a JSON array. They are asked for and not guessed: activities share one.
read_privileges() {
    local condition tables
    condition=$(printf " or LogicalName eq '%s'" "$@")
    tables=$(dataverse get "EntityDefinitions?\$select=LogicalName,Privileges&\$filter=${condition# or }")
    [ "$(jq '.value | length' <<<"$tables")" -eq $# ] || fail \
        "$DYNAMICS has not all of the tables that a node reads ($*); it has: $(jq -r '[.value[].LogicalName] | join(" ")' <<<"$tables")" \
        "Is Omnichannel (Contact Center) installed there?"
    jq -c '[.value[].Privileges[] | select(.PrivilegeType == "Read").PrivilegeId] | unique' <<<"$tables"
}

# Give the role what it lacks. Replacing also takes away what Dataverse puts into a new role; what comes on top later
# is reported and left, since Dataverse adds to roles by itself.
grant_reading() {
    local role=$1 wanted actual missing extra
    # shellcheck disable=SC2086  # several tables
    wanted=$(read_privileges $TABLES)
    actual=$(dataverse get "RetrieveRolePrivilegesRole(RoleId=$role)" | jq -c '[.RolePrivileges[] | {PrivilegeId, Depth}]')
    missing=$(jq --argjson wanted "$wanted" '. as $has | $wanted - [$has[] | select(.Depth == "Global").PrivilegeId] | length' <<<"$actual")
    if [ "$missing" -gt 0 ]; then
        step "role $ROLE_NAME reads $(jq length <<<"$wanted") kinds of rows"
        dataverse post "roles($role)/Microsoft.Dynamics.CRM.ReplacePrivilegesRole" \
            --body "$(jq -c '{Privileges: map({PrivilegeId: ., Depth: "Global"})}' <<<"$wanted")" >/dev/null
        return
    fi
    extra=$(jq --argjson wanted "$wanted" '[.[].PrivilegeId] - $wanted | length' <<<"$actual")
    [ "$extra" -eq 0 ] || say "the role $ROLE_NAME has $extra privileges that a node does not need"
}

user_of() {
    dataverse get "systemusers?\$select=systemuserid,isdisabled&\$filter=applicationid eq $1" | jq -c '.value[0] // empty'
}

find_or_make_user() {
    local unit=$1 role=$2 client=$3 user id held
    user=$(user_of "$client")
    if [ -z "$user" ]; then
        step "application user of $client"
        dataverse post systemusers --body "$(jq -nc --arg client "$client" --arg unit "$unit" \
            '{applicationid: $client, "businessunitid@odata.bind": "/businessunits(\($unit))"}')" >/dev/null
        user=$(user_of "$client")
    fi
    id=$(jq -r .systemuserid <<<"$user")
    if [ "$(jq -r .isdisabled <<<"$user")" = true ]; then
        step "application user of $client is enabled"
        dataverse patch "systemusers($id)" --body '{"isdisabled": false}' >/dev/null
    fi
    held=$(dataverse get "systemusers($id)/systemuserroles_association?\$select=roleid" |
        jq --arg role "$role" '[.value[] | select(.roleid == $role)] | length')
    if [ "$held" -eq 0 ]; then
        step "role $ROLE_NAME for $client"
        dataverse post "systemusers($id)/systemuserroles_association/\$ref" \
            --body "$(jq -nc --arg at "$DYNAMICS/api/data/v9.2/roles($role)" '{"@odata.id": $at}')" >/dev/null
    fi
}
