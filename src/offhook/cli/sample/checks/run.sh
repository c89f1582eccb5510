#!/bin/sh
# Three contacts, and what each must hear. The exit code is 0 when all of them did.
cd "$(dirname "$0")/.." || exit 2
failed=0

# check WHAT TEXT ARGUMENTS...: a contact run with these arguments must hear the text.
check() {
    what=$1 text=$2
    shift 2
    heard=$(offhook run "$@" 2>&1)
    case $heard in
    *"$text"*) echo "passed: $what" ;;
    *)
        echo "FAILED: $what; expected to hear: $text"
        echo "$heard"
        failed=1
        ;;
    esac
}

check "a caller from Seattle hears the state" "You are calling from Washington." \
    "Lambda integration" --from +12065550100 --press 2
check "a chat reads a fun fact" "Did you know?" \
    "Lambda integration" --channel chat --silent
check "a failing function is not silence" "Sorry, we could not look that up" \
    "Lambda integration" --from +12065550100 --function state-lookup=fail:error --silent
exit $failed
