#!/bin/sh
# tests/bench/run.sh BUILD [--quick] [--markdown] [BENCH...]
#
# Sonde beside its peers in one run, as ratios. The table goes to stdout and to BUILD/bench.txt.
# Benches, all of them by default:
#
#     rtt pacing flood single monitor   sonde ping and its peers over real network namespaces
#     lab                               sonde lab: are answers on time, how many a second
#     sweep watch                       sonde sweep and its peers: very many hosts, once and again
#     paths                             sonde trace and sonde mtu beside those who ask for the way
#     truth                             what every tool says in scenarios of the gallery, against
#                                       the truth that sonde lab wrote down in that very run
#
# --quick repeats less; --markdown adds the table of `truth` in a form that a page can quote. Of
# traceroute, mtr, tracepath, scamper, hping3, zmap and masscan what is not installed is left out,
# and said to be.
#
# Everything happens in network, mount and process namespaces of its own, which go away with the
# process, however it ends. Exit status: 0 measured, whether or not the goals were met; 1 something
# could not be measured; 2 usage; 77 not possible here.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
	echo "usage: tests/bench/run.sh BUILD [--quick] [--markdown] [BENCH...]" >&2
	exit 2
fi
build=$(cd "$1" && pwd)
shift

skip() {
	echo "bench: skipped: $*" >&2
	exit 77
}

PATH=$PATH:/usr/sbin:/sbin
export PATH LC_ALL=C
[ "$(id -u)" -eq 0 ] || skip "needs root: network namespaces, captures, floods"
for program in python3 ip unshare tcpdump ping fping; do
	command -v "$program" >/dev/null || skip "$program is not installed"
done
unshare --mount --net --pid --fork --mount-proc true 2>/dev/null ||
	skip "this root may not create namespaces"

python3 -B "$here/check_claims.py"
mkdir -p "$build/bench"
for program in measure flood ring arrivals timer; do
	"${CC:-cc}" -std=gnu17 -O2 -Wall -Wextra -pthread -o "$build/bench/$program" "$here/$program.c"
done
exec unshare --mount --net --pid --fork --kill-child --mount-proc \
	python3 -B "$here/bench.py" "$build" "$@"
