#!/bin/sh
# packaging/lint.sh BUILD: layout, layering, static analysis, scripts. Tells all faults, not the first.
set -u

[ $# -eq 1 ] || {
	echo "usage: packaging/lint.sh BUILD" >&2
	exit 2
}
build=$1
work=$build/lint
mkdir -p "$work"
faults=0

fault() {
	echo "lint: $*" >&2
	faults=$((faults + 1))
}

for tool in clang-format clang-tidy shellcheck; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "lint: $tool is missing: install the package of that name" \
			"(packaging/bootstrap.sh make lint does)" >&2
		exit 2
	}
done

find include src tests -name '*.[ch]' ! -path '*/corpus/*' | sort >"$work/sources"

# What clang-format writes and what clang-tidy thinks changes from version to version. Their word is
# law in this one; in others it is told and does not count.
binding=14

# is_binding TOOL
is_binding() {
	[ "$("$1" --version | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -n 1)" = "$binding" ]
}

# --- layout ----------------------------------------------------------------------------------------

if ! xargs clang-format --dry-run -Werror <"$work/sources" >"$work/layout" 2>&1; then
	grep -o '^[^:]*:[0-9]*:.*error: ' "$work/layout" | sed 's/ error: $//' >&2
	if is_binding clang-format; then
		fault "the layout differs from .clang-format at these places: run 'make format'"
	else
		echo "lint: another version of clang-format than $binding: not counted"
	fi
fi

long=$(xargs wc -l <"$work/sources" | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 " lines" }')
[ -z "$long" ] || fault "over 500 lines: $long"

# --- layering --------------------------------------------------------------------------------------

# include_fault WHY PATTERN DIRECTORY...: no file there may include a header that fits
include_fault() {
	why=$1
	pattern=$2
	shift 2
	grep -rnE --include='*.[ch]' "^ *# *include +$pattern" "$@" >"$work/found" 2>/dev/null || return 0
	cat "$work/found" >&2
	fault "$why"
}

include_fault 'rooms are entered by name ("base/x.h"), not through ../' '"[^"]*\.\./' src include tests

# Sockets live in net, and in lab, which builds a network. The filter of privilege speaks about them,
# and opens none.
# base turns text into addresses with inet_pton().
socket_headers='<(sys/socket|sys/un|netinet/|net/|netdb|netpacket/|linux/(if|in|net|sock|err|icmp|rtn)).*>'
for room in src/*/; do
	case $room in
	src/net/ | src/lab/ | src/privilege/) continue ;;
	src/base/) ;;
	*) include_fault "addresses are made from text in src/base" '<arpa/.*>' "$room" ;;
	esac
	include_fault "headers of sockets belong to src/net alone" "$socket_headers" "$room"
done
include_fault "the public headers are free of the system's sockets" "$socket_headers" include

# What computes has neither clock nor system calls: time is an argument.
include_fault "packet, stats, engine and strategy do no I/O and read no clock" \
	'<(time|unistd|fcntl|poll|signal|sys/[a-z0-9]+|linux/.*)\.h>' \
	src/packet src/stats src/engine src/strategy

if [ -e docs/architecture.md ]; then
	for room in src/*/; do
		room=$(basename "$room")
		grep -qE "(^|[^a-z])$room(/|[^a-z]|\$)" docs/architecture.md ||
			fault "docs/architecture.md does not speak of src/$room"
	done
else
	fault "docs/architecture.md is missing"
fi

# --- static analysis -------------------------------------------------------------------------------

# The sources of the rooms, a few at a time on every processor. Checks: .clang-tidy.
# shellcheck disable=SC2016 # expanded by the inner shell
if ! find src -name '*.c' | sort | xargs -P "$(nproc)" -n 4 sh -c '
	build=$1; shift
	clang-tidy --quiet "$@" -- -std=gnu17 -Iinclude -Isrc -I"$build/rooms/privilege" \
		-DSONDE_VERSION=\"x\" 2>/dev/null' tidy "$build" \
	>"$work/tidy"; then
	grep -E ': (error|warning): ' "$work/tidy" | sort -u >&2
	echo "lint: how it comes about is told in $work/tidy" >&2
	if is_binding clang-tidy; then
		fault "clang-tidy found something"
	else
		echo "lint: another version of clang-tidy than $binding: not counted"
	fi
fi

# --- scripts ---------------------------------------------------------------------------------------

find packaging tests .ci -type f \( -name '*.sh' -o -path '.ci/run' \) | sort >"$work/scripts"
xargs shellcheck -S warning <"$work/scripts" >&2 || fault "shellcheck found something"
while read -r script; do
	[ -x "$script" ] || fault "$script is not executable"
done <"$work/scripts"
find tests -name '*.py' | sort >"$work/python"
if [ -s "$work/python" ]; then
	xargs python3 -c 'import ast, sys
for name in sys.argv[1:]: ast.parse(open(name).read(), name)' <"$work/python" >&2 ||
		fault "a Python script does not parse"
fi

[ "$faults" -eq 0 ] || {
	echo "lint: $faults faults" >&2
	exit 1
}
echo "lint: $(wc -l <"$work/sources") sources and $(wc -l <"$work/scripts") scripts are clean"
