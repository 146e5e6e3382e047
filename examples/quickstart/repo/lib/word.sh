# The word to greet with: word LANGUAGE.  Needs $here.
# shellcheck shell=sh disable=SC2154
word() {
	if [ ! -f "$here/lang/$1" ]; then
		echo "greet: no language $1" >&2
		return 1
	fi
	cat "$here/lang/$1"
}
