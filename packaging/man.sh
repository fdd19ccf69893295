#!/bin/sh
# packaging/man.sh SONDE FILE.scd
#
# Writes the man page of FILE.scd to standard output. A line `@OPTIONS COMMAND@` stands for what
# `SONDE COMMAND --help=scdoc` prints: the options have one home, the program's own tables.
set -eu

[ $# -eq 2 ] || {
	echo "usage: packaging/man.sh SONDE FILE.scd" >&2
	exit 2
}
sonde=$1
source=$2

text=$(mktemp)
trap 'rm -f "$text"' EXIT

while IFS= read -r line; do
	case $line in
	@OPTIONS\ *@)
		command=${line#@OPTIONS }
		"$sonde" "${command%@}" --help=scdoc >>"$text"
		;;
	*) printf '%s\n' "$line" >>"$text" ;;
	esac
done <"$source"

scdoc <"$text"
