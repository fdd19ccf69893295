#!/bin/sh
# A survey from several machines by GNU parallel: parallel.sh HOST,HOST,... (":" is this machine).
# One shard for each host; the answers of all arrive on standard output. Each host needs sonde, and the files
# "targets" and "exclude" where a login begins; its --resume file stays there.
set -eu
hosts=${1:?the hosts, with commas in between}
SONDE_SHARDS=$(printf '%s\n' "$hosts" | tr ',' '\n' | wc -l)
export SONDE_SHARDS

seq "$SONDE_SHARDS" | parallel --jobs 1 --line-buffer --sshlogin "$hosts" --env SONDE_SHARDS \
	sonde sweep --shard auto --seed 20261122 --rate 1k --json --alive --min-alive 0 \
	--payload-text "'survey, see https://survey.example/'" \
	--exclude-file exclude --file targets --resume 'part-{}.resume'
