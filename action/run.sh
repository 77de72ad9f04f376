#!/usr/bin/env bash
# Validates, plans or applies as the inputs of action.yml say, and leaves outputs, a summary and the plan.
#
# Whoever opens a pull request writes the spec that is planned. Which secret is read and whom it is told is taken from
# the repository's default branch (`--trusted`), and a spec from a fork is only validated.
set -euo pipefail

# Only Git's fetch needs it, so no other program that is started here gets it.
token=$TOKEN
unset TOKEN
cd "$GITHUB_WORKSPACE"

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
        8) echo "done, and not told as asked" ;;
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

# What is not merged, whoever wrote it: a comment on a pull request is as good as one.
is_unmerged() {
    case $GITHUB_EVENT_NAME in
        pull_request* | merge_group) true ;;
        *) [ -n "$COMMENTED_PULL_REQUEST" ] ;;
    esac
}

is_from_a_fork() {
    case $GITHUB_EVENT_NAME in
        pull_request* | workflow_run) [ "$HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ] ;;
        *) false ;;
    esac
}

# The checkout is what the default branch holds. A schedule runs there and nowhere else.
is_default_branch() {
    case $GITHUB_EVENT_NAME in
        push) [ -n "$DEFAULT_BRANCH" ] && [ "$GITHUB_REF" = "refs/heads/$DEFAULT_BRANCH" ] ;;
        schedule) true ;;
        *) false ;;
    esac
}

# Git, of which the checkout configures nothing: it runs in a repository of our own, which is named and not looked for,
# with no secret in its environment.
safe_git() {
    local name keep=()
    for name in PATH HOME XDG_CONFIG_HOME TMPDIR HTTPS_PROXY https_proxy NO_PROXY no_proxy SSL_CERT_FILE \
        SSL_CERT_DIR GIT_SSL_CAINFO; do
        [ -z "${!name:-}" ] || keep+=("$name=${!name}")
    done
    if [ -n "$token" ]; then
        # By the environment, as others on the machine may read the arguments.
        keep+=(GIT_CONFIG_COUNT=1 "GIT_CONFIG_KEY_0=http.$GITHUB_SERVER_URL/.extraheader")
        keep+=("GIT_CONFIG_VALUE_0=AUTHORIZATION: basic $(printf 'x-access-token:%s' "$token" | base64 | tr -d '\n')")
    fi
    env -i "${keep[@]}" GIT_TERMINAL_PROMPT=0 git -C "$work" --git-dir="$work/git" \
        -c safe.bareRepository=explicit -c protocol.ext.allow=never -c core.fsmonitor=false -c core.hooksPath=/dev/null "$@"
}

# Sets `inside`: where the spec is in the repository, by the text of its path. What a link leads to was chosen by whoever
# wrote the spec, and so was what another repository holds.
find_inside() {
    local part parts step=$GITHUB_WORKSPACE path=$SPEC
    case $path in
        "$GITHUB_WORKSPACE" | "$GITHUB_WORKSPACE"/*) path=${path#"$GITHUB_WORKSPACE"} ;;
        /*) refuse 64 "The spec is in no Git checkout that GitHub made for this run, so what the trusted branch says of it cannot be found." ;;
    esac
    inside=
    IFS=/ read -r -d '' -a parts < <(printf '%s\0' "$path") || true
    for part in ${parts[@]+"${parts[@]}"}; do
        case $part in
            '' | .) continue ;;
            .. | .[gG][iI][tT]) refuse 64 "The input path must not hold $part: it is looked up on the trusted branch as it is written." ;;
        esac
        step=$step/$part
        inside=${inside:+$inside/}$part
        [ ! -L "$step" ] ||
            refuse 3 "The spec's path holds a symbolic link, $inside. Where secrets go is taken from the trusted branch by the text of the path, so nothing is planned through a link."
        [ ! -e "$step/.git" ] && [ ! -L "$step/.git" ] ||
            refuse 3 "The spec lies in another repository, $inside (a submodule, or a checkout of its own). Where secrets go is taken from $GITHUB_REPOSITORY, so check that out at the top of the workspace and keep the spec in it."
    done
}

# The spec as the trusted branch of this repository has it, in a folder of its own. Where the checkout came from does not
# matter: it may be a fork.
fetch_trusted() {
    local ref=$1 folder
    case $ref in refs/*) ;; *) ref=refs/heads/$ref ;; esac
    find_inside
    folder=$inside
    if [ ! -d "$SPEC" ]; then
        folder=
        case $inside in */*) folder=${inside%/*} ;; esac
    fi
    safe_git init --quiet --bare --template=
    safe_git fetch --quiet --no-tags --depth=1 "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" "$ref:refs/trusted" ||
        refuse 1 "The branch that is trusted could not be fetched: $ref."
    mkdir "$work/trusted"
    trusted=$work/trusted
    [ -d "$SPEC" ] || trusted=$trusted/$(basename "$SPEC")
    if ! safe_git archive --output="$work/trusted.tar" "refs/trusted:$folder" 2>/dev/null ||
        ! tar -x -C "$work/trusted" -f "$work/trusted.tar" || [ ! -e "$trusted" ]; then
        refuse 3 "The branch that is trusted, $ref, has no spec there yet. Where secrets go is taken from it, so nothing is planned before the connection is merged."
    fi
}

# A path that begins with a dash would be read as an option.
case $SPEC in -*) SPEC=./$SPEC ;; esac
case $PLAN_FILE in -*) PLAN_FILE=./$PLAN_FILE ;; esac

case $ALLOW_EXEC in
    true) export ICEWARDEN_ALLOW_EXEC=1 ;;
    *) export ICEWARDEN_ALLOW_EXEC=0 ;;
esac

# A fork may hold any spec. GitHub gives its run no secrets, but for such events as `pull_request_target`.
if [ "$COMMAND" != validate ] && is_from_a_fork; then
    note warning "This pull request comes from a fork, where anybody may write anything: the spec was validated, and not planned."
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
        if is_unmerged; then
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
    [ -z "$ALLOW" ] || [ -n "$REASON" ] ||
        refuse 64 "The input allow needs the input reason: say why guardrails are overridden."
    each --allow "$ALLOW"
    [ -z "$REASON" ] || arguments+=("--reason=$REASON")
    case $STORE in
        '') ;;
        */../* | */.. | "$GITHUB_WORKSPACE" | "$GITHUB_WORKSPACE"/*)
            refuse 64 "The input store must be outside of the checkout, which a pull request wrote."
            ;;
        /*) arguments+=("--store=$STORE") ;;
        *) refuse 64 "The input store must be a whole path." ;;
    esac
    each --target "$TARGET"
    each --exclude "$EXCLUDE"
    if [ -z "$TRUSTED_REF" ] && ! is_default_branch; then
        TRUSTED_REF=$DEFAULT_BRANCH
        [ -n "$TRUSTED_REF" ] ||
            refuse 3 "Which branch is trusted is not known: the event $GITHUB_EVENT_NAME does not name the default branch. Name it with the input trusted-ref."
    fi
    # A spec that is not there has nothing to trust; the program says so.
    if [ -n "$TRUSTED_REF" ] && { [ -e "$SPEC" ] || [ -L "$SPEC" ]; }; then
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
