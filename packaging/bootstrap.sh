#!/bin/sh
# packaging/bootstrap.sh CMD [ARG...]
#
# Sees to it that what CMD needs is there, then runs it. What CMD needs is told by its words: `run`
# needs a compiler and four libraries, `check` also the test tools, `fuzz` also clang, and so on.
#
# What is missing is found by looking for the thing itself (a command, a header, a library known to
# pkg-config), so that nothing happens where everything is there, whatever the distribution. Debian
# and Ubuntu: missing packages are installed, as root or through sudo. Elsewhere, or without the right
# to install, it says which packages are missing and exits with 3.
set -eu

die() {
	echo "bootstrap: $*" >&2
	exit 3
}

[ $# -gt 0 ] || {
	echo "usage: packaging/bootstrap.sh CMD [ARG...]" >&2
	exit 2
}

# group | what must be there | package of apt | dnf | apk | pacman
packages='
build  command cc                gcc               gcc                 gcc                gcc
build  command make              make              make                make               make
build  command pkg-config        pkg-config        pkgconf-pkg-config  pkgconf            pkgconf
build  header  stdio.h           libc6-dev         glibc-devel         musl-dev           glibc
build  header  linux/filter.h    linux-libc-dev    kernel-headers      linux-headers      linux-api-headers
build  library libcap            libcap-dev        libcap-devel        libcap-dev         libcap
build  library libseccomp        libseccomp-dev    libseccomp-devel    libseccomp-dev     libseccomp
build  library jansson           libjansson-dev    jansson-devel       jansson-dev        jansson
build  library libcares          libc-ares-dev     c-ares-devel        c-ares-dev         c-ares
build  library libmnl            libmnl-dev        libmnl-devel        libmnl-dev         libmnl
build  library libmd             libmd-dev         libmd-devel         libmd-dev          libmd
build  library libmaxminddb      libmaxminddb-dev  libmaxminddb-devel  libmaxminddb-dev   libmaxminddb
manual command scdoc             scdoc             scdoc               scdoc              scdoc
test   library criterion         libcriterion-dev  criterion-devel     criterion-dev      criterion
test   command ip                iproute2          iproute             iproute2           iproute2
test   command python3           python3           python3             python3            python
lint   command clang-format      clang-format      clang-tools-extra   clang-extra-tools  clang
lint   command clang-tidy        clang-tidy        clang-tools-extra   clang-extra-tools  clang
lint   command shellcheck        shellcheck        ShellCheck          shellcheck         shellcheck
fuzz   command clang             clang             clang               clang              clang
fuzz   fuzzer  libFuzzer         libclang-rt-dev   compiler-rt         compiler-rt        compiler-rt
bench  command ping              iputils-ping      iputils             iputils            iputils
bench  command fping             fping             fping               fping              fping
bench  command tcpdump           tcpdump           tcpdump             tcpdump            tcpdump
bench  command hping3            hping3            hping3              hping3             hping
bench  command traceroute        traceroute        traceroute          traceroute         traceroute
bench  command mtr               mtr-tiny          mtr                 mtr                mtr
bench  command tracepath         iputils-tracepath iputils             iputils-tracepath  iputils
bench  command scamper           scamper           scamper             scamper            scamper
bench  command zmap              zmap              zmap                zmap               zmap
bench  command masscan           masscan           masscan             masscan            masscan
bench  command ip                iproute2          iproute             iproute2           iproute2
bench  command python3           python3           python3             python3            python
cover  command gcovr             gcovr             gcovr               gcovr              gcovr
'

# The groups that the words of the command need.
groups_of() {
	needed=' build '
	for word in "$@"; do
		case $word in
		all | man | install) needed="$needed manual " ;;
		unit | sim | lab) needed="$needed test " ;;
		sanitize) needed="$needed test " ;;
		check) needed="$needed manual test lint " ;;
		lint) needed="$needed lint " ;;
		fuzz) needed="$needed fuzz " ;;
		bench) needed="$needed bench " ;;
		cover) needed="$needed test cover " ;;
		esac
	done
	# `make` alone makes everything.
	if [ $# -eq 1 ] && [ "$1" = make ]; then needed="$needed manual "; fi
	echo "$needed"
}

# is_there KIND NAME
is_there() {
	case $1 in
	command) command -v "$2" >/dev/null 2>&1 ;;
	library) pkg-config --exists "$2" >/dev/null 2>&1 ;;
	header) echo "#include <$2>" | "${CC:-cc}" -E -o /dev/null -x c - >/dev/null 2>&1 ;;
	fuzzer) [ -e "$(clang -print-file-name=libclang_rt.fuzzer-"$(uname -m)".a 2>/dev/null)" ] ||
		[ -e "$(clang -print-file-name=libclang_rt.fuzzer.a 2>/dev/null)" ] ;;
	esac
}

# Prints the lines of the table that are needed and not there.
missing() {
	printf '%s\n' "$packages" | while read -r group kind name others; do
		case $needed in *" $group "*) ;; *) continue ;; esac
		is_there "$kind" "$name" || echo "$group $kind $name $others"
	done
}

# column N: that package of each missing line, once each, on one line
column() {
	printf '%s\n' "$lacking" | awk -v n="$1" '{ print $n }' | sort -u | paste -s -d ' ' -
}

needed=$(groups_of "$@")
lacking=$(missing)
[ -n "$lacking" ] || exec "$@"

manual_hint() {
	echo "bootstrap: $1" >&2
	echo "Missing: $(column 3)" >&2
	cat >&2 <<-END
		Install these packages, then run the command again:
		  Debian, Ubuntu    apt-get install $(column 4)
		  Fedora            dnf install $(column 5)
		  Alpine            apk add $(column 6)
		  Arch              pacman -S $(column 7)
		A distribution may lack one of them (Criterion above all): then take it from its own site.
	END
	exit 3
}

command -v apt-get >/dev/null 2>&1 ||
	manual_hint "this is neither Debian nor Ubuntu: nothing is installed by itself"

if [ "$(id -u)" -eq 0 ]; then
	as_root=''
elif ! command -v sudo >/dev/null 2>&1; then
	manual_hint "installing packages needs root, and there is no sudo"
elif sudo -n true 2>/dev/null; then
	as_root='sudo -n'
elif [ -t 0 ] && [ -t 2 ]; then
	as_root='sudo'
else
	manual_hint "installing packages needs root, and sudo asks for a password with nobody to ask"
fi

apt() {
	# shellcheck disable=SC2086 # as_root is several words or none
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" >&2
}

install_missing() {
	wanted=$(column 4)
	# Where the compiler's run-time library has no package of its own it comes with clang.
	apt-cache show libclang-rt-dev >/dev/null 2>&1 ||
		wanted=$(echo "$wanted" | sed 's/libclang-rt-dev/clang/')
	# shellcheck disable=SC2086 # one word a package
	apt install -y --no-install-recommends $wanted
}

echo "bootstrap: installing $(column 4)" >&2
# Package lists may be missing (fresh containers) or old: they are fetched only then.
known=$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)
if [ -z "$known" ] || ! install_missing; then
	apt update || die "cannot fetch the package lists (apt-get update)"
	install_missing || die "cannot install: $(column 4)"
fi

lacking=$(missing)
[ -z "$lacking" ] || manual_hint "still missing after the installation"
exec "$@"
