# Completion of sonde for bash. What there is to complete is asked of the program itself
# (`sonde COMMAND --help=completion`), so that its option tables stay the only place that knows.

# Fills COMPREPLY with the words of $1 that begin with $2.
_sonde_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# Fills COMPREPLY for the argument of an option, $1 as the table describes it, begun as $2.
_sonde_argument() {
	case $1 in
	FILE)
		compopt -o filenames 2>/dev/null || true
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		;;
	*DEVICE*) _sonde_words "$(cd /sys/class/net 2>/dev/null && echo *)" "$2" ;;
	*[[:upper:]]*) COMPREPLY=() ;; # a word that only the user knows
	*) _sonde_words "${1//|/ }" "$2" ;;
	esac
}

_sonde() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]}
	local spellings argument name options=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ] || [ "$before" = help ]; then
		_sonde_words "$("$program" help 2>/dev/null | sed -n 's/^  \([a-z-]*\) .*/\1/p') --help --version" "$word"
		return
	fi
	# bash splits --name=value into three words.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	while IFS=$'\t' read -r spellings argument; do
		for name in $spellings; do
			options+=" $name"
			if [ "${name%=}" = "$before" ] && [ -n "$argument" ]; then
				_sonde_argument "$argument" "$word"
				return
			fi
		done
	done < <("$program" "$command" --help=completion 2>/dev/null)
	if [ "$command" = lab ] && [[ $word != -* ]]; then # a scenario, then a program and what it is given
		compopt -o filenames 2>/dev/null || true
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	case $word in
	-*) _sonde_words "$options" "$word" ;;
	*) mapfile -t COMPREPLY < <(compgen -A hostname -- "$word") ;;
	esac
	case ${COMPREPLY[0]-} in
	*=) compopt -o nospace 2>/dev/null || true ;;
	esac
}

complete -F _sonde sonde
