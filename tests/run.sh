#!/bin/sh
# tests/run.sh BUILD SUITE...
#
# Runs suites of the build directory BUILD: `unit`, `sim`, `lab`, `fuzz SECONDS`. The last line is
# "N passed, N failed, N skipped"; the exit status is 0 if nothing failed and something ran.
set -eu

[ $# -ge 2 ] || {
	echo "usage: tests/run.sh BUILD unit|sim|lab|fuzz SECONDS..." >&2
	exit 2
}
build=$1
shift
tests=$(dirname "$0")
logs=$build/tests/log
mkdir -p "$logs"
processors=$(nproc)
: >"$logs/table"

# record SUITE PASSED FAILED SKIPPED STARTED
record() {
	printf '%s %s %s %s %s\n' "$1" "$2" "$3" "$4" $(($(date +%s) - $5)) >>"$logs/table"
}

# follow LOG COMMAND...: output to the terminal and to LOG; the status is the command's.
follow() {
	log=$1
	shift
	{
		"$@" 2>&1 && echo 0 >"$log.status" || echo $? >"$log.status"
	} | tee "$log"
	return "$(cat "$log.status")"
}

# number TEXT NAME: the number behind "NAME: " in Criterion's closing line, 0 if there is none
number() {
	found=$(printf '%s\n' "$1" | sed -n "s/.*$2: \([0-9][0-9]*\).*/\1/p")
	echo "${found:-0}"
}

criterion() {
	suite=$1
	started=$(date +%s)
	log=$logs/$suite
	status=0
	echo "--- $suite"
	rm -f "$log.tap"
	follow "$log" "$build/tests/$suite/run" --color=never --jobs="$processors" --tap="$log.tap" ||
		status=$?
	line=$(grep 'Synthesis:' "$log" | tail -n 1) || line=''
	passed=$(number "$line" Passing)
	failed=$(($(number "$line" Tested) - passed))
	skipped=0
	if [ -e "$log.tap" ]; then
		skipped=$(grep -c '# SKIP' "$log.tap") || true
		sed -n 's/^ok - \(.*[^ ]\)  *# SKIP \(.*\)/skipped: \1: \2/p' "$log.tap"
	fi
	if [ -z "$line" ]; then
		echo "$suite: ended with status $status before its summary"
		failed=1
	elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		echo "$suite: exit status $status although no test failed"
		failed=1
	elif [ $((passed + failed + skipped)) -eq 0 ]; then
		echo "$suite: there is no test in it"
		failed=1
	fi
	record "$suite" "$passed" "$failed" "$skipped" "$started"
}

lab() {
	started=$(date +%s)
	status=0
	echo "--- lab"
	follow "$logs/lab" python3 "$tests/lab/run.py" "$build" || status=$?
	line=$(tail -n 1 "$logs/lab")
	counts=$(printf '%s\n' "$line" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	if [ -z "$counts" ]; then
		echo "lab: ended with status $status before its summary"
		counts='0 1 0'
	fi
	# shellcheck disable=SC2086 # three words
	set -- $counts
	if [ "$status" -ne 0 ] && [ "$2" -eq 0 ]; then
		echo "lab: exit status $status although no test failed"
		set -- "$1" 1 "$3"
	fi
	record lab "$1" "$2" "$3" "$started"
}

# fuzz_one NAME SECONDS: one line of result
fuzz_one() {
	corpus=$build/fuzz/corpus/$1
	mkdir -p "$corpus" "$build/fuzz/artifacts"
	if [ -d "$tests/fuzz/corpus/$1" ]; then
		cp -R "$tests/fuzz/corpus/$1/." "$corpus/"
	fi
	result=passed
	"$build/fuzz/bin/$1" -max_total_time="$2" -max_len=4096 -timeout=5 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$build/fuzz/artifacts/$1-" "$corpus" \
		>"$logs/fuzz-$1" 2>&1 || result=failed
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/fuzz-$1")
	printf '%-8s %-28s %12s executions in %s s\n' "$result" "$1" "${runs:-0}" "$2"
	[ "$result" = passed ] || tail -n 40 "$logs/fuzz-$1"
}

# fuzz_lane SECONDS NAME...: one after the other
fuzz_lane() {
	seconds=$1
	shift
	for name in "$@"; do
		fuzz_one "$name" "$seconds"
	done
}

fuzz() {
	started=$(date +%s)
	echo "--- fuzz"
	first=''
	second=''
	count=0
	for binary in "$build"/fuzz/bin/*; do
		[ -x "$binary" ] || continue
		name=$(basename "$binary")
		if [ $((count % 2)) -eq 0 ]; then first="$first $name"; else second="$second $name"; fi
		count=$((count + 1))
	done
	if [ "$count" -eq 0 ]; then
		echo "fuzz: there is no target in $build/fuzz/bin"
		record fuzz 0 1 0 "$started"
		return
	fi
	# Two lanes, the first one at most one target longer.
	share=$(($1 / ((count + 1) / 2)))
	[ "$share" -gt 0 ] || share=1
	# shellcheck disable=SC2086 # names of targets
	{
		fuzz_lane "$share" $first >"$logs/fuzz.first" 2>&1 &
		lane=$!
		fuzz_lane "$share" $second >"$logs/fuzz.second" 2>&1
		wait "$lane"
	}
	cat "$logs/fuzz.first" "$logs/fuzz.second"
	passed=$(cat "$logs/fuzz.first" "$logs/fuzz.second" | grep -c '^passed ') || true
	record fuzz "$passed" $((count - passed)) 0 "$started"
}

while [ $# -gt 0 ]; do
	case $1 in
	unit | sim) criterion "$1" ;;
	lab) lab ;;
	fuzz)
		[ $# -ge 2 ] || {
			echo "run.sh: fuzz needs a number of seconds" >&2
			exit 2
		}
		fuzz "$2"
		shift
		;;
	*)
		echo "run.sh: unknown suite: $1" >&2
		exit 2
		;;
	esac
	shift
done

# what_failed SUITE: the reasons once more, where nobody has to look for them
what_failed() {
	awk '
		/^(failed|unsteady) / || /^\[FAIL\]/ { shown = 1; lines = 0 }
		/^(passed|skipped|\[PASS\]|\[====\]|[0-9-])/ { shown = 0 }
		shown && lines++ < 12
	' "$logs/$1" | tail -n 60
}

while read -r suite _; do
	[ ! -e "$logs/$suite" ] || what_failed "$suite"
done <"$logs/table"

awk '
	BEGIN { printf "\n%-8s %8s %8s %8s %8s\n", "suite", "passed", "failed", "skipped", "seconds" }
	{
		printf "%-8s %8d %8d %8d %8d\n", $1, $2, $3, $4, $5
		passed += $2; failed += $3; skipped += $4
	}
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || passed == 0
	}' "$logs/table"
