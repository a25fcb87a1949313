#!/bin/sh
# The namespace and the search attributes of contracts/operators.py (a test compares); safe to repeat.
# Takes TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and RETENTION (how long ended cases stay in Temporal) from the environment.
set -eu
until temporal operator cluster health >/dev/null 2>&1; do
    echo "Waiting for Temporal at $TEMPORAL_ADDRESS ..."
    sleep 2
done
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" 2>/dev/null); do
    sleep 1 # a new namespace is seen by the whole server a few seconds later
done
while read -r name type; do
    echo "$known" | grep -qw "$name" ||
        temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "$type"
done <<'ATTRIBUTES'
CaseKind Keyword
CaseStage Keyword
Outcome Keyword
Risk Keyword
WaitingFor KeywordList
DueAt Datetime
Overdue Bool
PolicyVersion Keyword
ATTRIBUTES
