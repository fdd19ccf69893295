#!/bin/sh
# packaging/install.sh install|uninstall BUILD DESTDIR PREFIX VERSION
#
# One list of files serves both ways, so that uninstall removes exactly what install has put there.
set -eu

[ $# -eq 5 ] || {
	echo "usage: packaging/install.sh install|uninstall BUILD DESTDIR PREFIX VERSION" >&2
	exit 2
}
verb=$1
build=$2
destdir=$3
prefix=$4
version=$5

# Directories that belong to sonde alone.
own='include/sonde share/doc/sonde'

# Prints "MODE SOURCE TARGET" a line; mode `link` makes TARGET a link that says SOURCE.
files() {
	echo "755 $build/sonde bin/sonde"
	echo "644 $build/libsonde.a lib/libsonde.a"
	echo "755 $build/libsonde.so.0 lib/libsonde.so.0"
	echo "link libsonde.so.0 lib/libsonde.so"
	echo "644 $build/sonde.pc lib/pkgconfig/sonde.pc"
	for header in include/sonde/*.h; do
		echo "644 $header $header"
	done
	for page in docs/man/*.scd; do
		[ -e "$page" ] || continue
		page=$(basename "$page" .scd)
		echo "644 $build/man/$page share/man/man${page##*.}/$page"
	done
	if [ -e packaging/completions/sonde.bash ]; then
		echo "644 packaging/completions/sonde.bash share/bash-completion/completions/sonde"
	fi
	for text in README.md LICENSE docs/*.md; do
		[ -e "$text" ] || continue
		echo "644 $text share/doc/sonde/$(basename "$text")"
	done
}

pkg_config() {
	cat <<-END
		prefix=$prefix
		includedir=\${prefix}/include
		libdir=\${prefix}/lib

		Name: sonde
		Description: What is the network doing to my packets
		Version: $version
		Requires.private: libcares
		Libs: -L\${libdir} -lsonde
		Libs.private: -lm -pthread
		Cflags: -I\${includedir}
	END
}

case $verb in
install)
	pkg_config >"$build/sonde.pc"
	files | while read -r mode source target; do
		target=$destdir$prefix/$target
		mkdir -p "$(dirname "$target")"
		if [ "$mode" = link ]; then
			ln -sfn "$source" "$target"
		else
			install -m "$mode" "$source" "$target"
		fi
	done
	cat >&2 <<-END
		Installed below $destdir$prefix. For raw sockets without being root:
		  setcap cap_net_raw+p $destdir$prefix/bin/sonde
	END
	;;
uninstall)
	files | while read -r mode source target; do
		rm -f "$destdir$prefix/$target"
	done
	for directory in $own; do
		if [ -d "$destdir$prefix/$directory" ]; then
			rmdir "$destdir$prefix/$directory" 2>/dev/null ||
				echo "kept, not empty: $destdir$prefix/$directory" >&2
		fi
	done
	;;
*)
	echo "install.sh: unknown verb: $verb" >&2
	exit 2
	;;
esac
