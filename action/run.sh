#!/usr/bin/env bash
# Validates, plans or applies as the inputs of action.yml say, and leaves outputs, a summary and the plan.
#
# Whoever opens a pull request writes the spec that is planned. Which secret is read and whom it is told is taken from
# the base branch (`--trusted`), and a run that GitHub gives no secrets only validates.
set -euo pipefail

# A summary over 1 MiB is dropped as a whole.
summary_bytes_max=1000000

program=$RUNNER_TEMP/icewarden/icewarden
work=$(mktemp -d "$RUNNER_TEMP/icewarden/run.XXXXXX")
data=$work/data
talk=$work/talk
summary=$work/summary.md
: >"$data"
: >"$talk"
plan=
code=0
notes=()

# Lines that begin with `::` are commands to the runner; what stands in a spec must not give any.
shown() {
    local token
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$token"
    cat "$@"
    echo "::$token::"
}

note() {
    notes+=("$2")
    echo "::$1::$2"
}

# Ends without having run the program.
refuse() {
    code=$1
    note error "$2"
    finish
}

# A plan comes as a page of its own. All else is indented, which shows it as it is: nothing in it can become markup.
page() {
    local text indented=("$talk" "$data")
    if [ "$COMMAND" = plan ] && [ -s "$data" ]; then
        cat "$data"
        echo
        indented=("$talk")
    else
        echo "### icewarden $COMMAND: $(meaning) (exit $code)"
    fi
    for text in ${notes[@]+"${notes[@]}"}; do
        printf '\n%s\n' "$text"
    done
    echo
    cat "${indented[@]}" | sed 's/^/    /'
}

meaning() {
    case $code in
        0) echo "done, or nothing to do" ;;
        2) echo "changes" ;;
        3) echo "blocked" ;;
        4) echo "the plan is stale, or was not reviewed" ;;
        5) echo "applied in part" ;;
        6) echo "the server takes no changes" ;;
        7) echo "another run holds the lock" ;;
        64) echo "usage" ;;
        65) echo "the spec is invalid" ;;
        69) echo "a server is not reachable" ;;
        77) echo "a login was refused" ;;
        *) echo "failed" ;;
    esac
}

finish() {
    page >"$summary"
    if [ "$(wc -c <"$summary")" -gt "$summary_bytes_max" ]; then
        head -c "$summary_bytes_max" "$summary" | sed '$d' >"$summary.cut"
        printf '\n\nCut here; the log of this step has all of it.\n' >>"$summary.cut"
        mv "$summary.cut" "$summary"
    fi
    cat "$summary" >>"$GITHUB_STEP_SUMMARY"
    {
        echo "exit-code=$code"
        echo "plan-file=$plan"
        echo "summary-file=$summary"
    } >>"$GITHUB_OUTPUT"
    case $code in
        0 | 2) exit 0 ;;
        *) exit "$code" ;;
    esac
}

# Adds an option for each line of an input.
each() {
    local line
    while IFS= read -r line; do
        [ -z "$line" ] || arguments+=("$1=$line")
    done <<<"$2"
}

is_pull_request() {
    case $GITHUB_EVENT_NAME in
        pull_request*) true ;;
        *) false ;;
    esac
}

# The spec as the trusted branch has it, in a folder of its own.
fetch_trusted() {
    local ref=$1 folder=$SPEC top prefix
    case $ref in refs/*) ;; *) ref=refs/heads/$ref ;; esac
    [ -d "$folder" ] || folder=$(dirname "$folder")
    top=$(git -C "$folder" rev-parse --show-toplevel) ||
        refuse 64 "The spec is in no Git checkout, so what the base branch says of it cannot be found."
    prefix=$(git -C "$folder" rev-parse --show-prefix)
    git -C "$top" fetch --quiet --no-tags --depth=1 origin "$ref" ||
        refuse 1 "The branch that is trusted could not be fetched: $ref."
    mkdir "$work/trusted"
    if ! git -C "$top" archive FETCH_HEAD ${prefix:+"$prefix"} 2>/dev/null | tar -x -C "$work/trusted"; then
        refuse 3 "The branch that is trusted, $ref, has no spec there yet. Where secrets go is taken from it, so nothing is planned before the connection is merged."
    fi
    trusted=$work/trusted/$prefix
    [ -d "$SPEC" ] || trusted=$trusted$(basename "$SPEC")
}

# A path that begins with a dash would be read as an option.
case $SPEC in -*) SPEC=./$SPEC ;; esac
case $PLAN_FILE in -*) PLAN_FILE=./$PLAN_FILE ;; esac

case $ALLOW_EXEC in
    true) export ICEWARDEN_ALLOW_EXEC=1 ;;
    *) export ICEWARDEN_ALLOW_EXEC=0 ;;
esac

# A fork may hold any spec and gets no secrets, but for `pull_request_target`, where its spec is planned like any other:
# with the connections of the base branch.
if [ "$COMMAND" != validate ] && [ "$GITHUB_EVENT_NAME" = pull_request ] && [ "$HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ]; then
    note warning "This pull request comes from a fork. GitHub gives such a run no secrets, so no server can be read: the spec was validated, and not planned."
    COMMAND=validate
fi

arguments=()
case $COMMAND in
    validate)
        arguments=(validate "$SPEC")
        ;;
    plan)
        arguments=(plan "$SPEC" --format markdown --detailed-exitcode --out "$work/plan.json" --outputs "$GITHUB_OUTPUT")
        ;;
    apply)
        if is_pull_request; then
            refuse 64 "A pull request is planned and not applied: apply runs on the branch that it is merged into."
        elif [ -z "$PLAN_FILE" ] && [ -z "$EFFECTS" ]; then
            refuse 4 "Only what was reviewed is applied: give the input effects-digest, or plan-file."
        elif [ -n "$PLAN_FILE" ]; then
            arguments=(apply "$PLAN_FILE" --auto-approve)
        else
            arguments=(apply "$SPEC" --auto-approve)
        fi
        [ -z "$EFFECTS" ] || arguments+=("--effects=$EFFECTS")
        ;;
    *)
        refuse 64 "The input command is validate, plan or apply."
        ;;
esac
if [ "$COMMAND" != validate ]; then
    each --allow "$ALLOW"
    [ -z "$REASON" ] || arguments+=("--reason=$REASON")
    each --target "$TARGET"
    each --exclude "$EXCLUDE"
    if [ -n "$TRUSTED_REF" ] && [ -e "$SPEC" ]; then
        fetch_trusted "$TRUSTED_REF"
        arguments+=(--trusted "$trusted")
    elif [ -n "$PLAN_FILE" ]; then
        # A saved plan holds a spec of its own, which anybody may have written.
        arguments+=(--trusted "$SPEC")
    fi
    [ -z "$ADDRESSES" ] || arguments+=(--addresses "$ADDRESSES")
    [ "$ALLOW_EXEC" != true ] || arguments+=(--allow-exec)
fi

"$program" "${arguments[@]}" >"$data" 2>"$talk" || code=$?
shown "$talk" "$data"
[ ! -f "$work/plan.json" ] || plan=$work/plan.json
finish
