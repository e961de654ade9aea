#!/bin/sh
# Hears Waypost by the pull feed, and keeps each event once, as a file in ./events. Needs: curl, jq
set -eu
mkdir -p events

while :; do
    after=$(cat cursor 2>/dev/null || true) # Nothing the first time: the feed then begins with its oldest event.
    # The key goes in by standard input, where other users of the machine cannot read it.
    printf 'header = "Authorization: Bearer %s"\n' "$WAYPOST_KEY" |
        curl --config - --silent --show-error --fail --max-time 60 --retry 10 --retry-connrefused \
            --get --data wait=30 ${after:+--data-urlencode "after=$after"} --output page.json "$WAYPOST_URL/v1/events"

    jq --compact-output '.events[]' page.json | while IFS= read -r event; do
        id=$(printf '%s' "$event" | jq --raw-output '.id')
        if [ -e "events/$id.json" ]; then
            echo "seen before $id"
            continue
        fi
        printf '%s\n' "$event" >"events/$id.part"
        mv "events/$id.part" "events/$id.json"
        printf '%s' "$event" | jq --raw-output '"stored \(.id) \(.type) task \(.data.task_id)"'
    done

    # Only now: if anything above fails, the same page is read again.
    jq --raw-output '.next' page.json >cursor.part
    mv cursor.part cursor
done
