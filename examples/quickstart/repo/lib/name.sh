# Who is greeted: names NAME...
# shellcheck shell=sh
names() {
	echo "${1:-world}"
}
