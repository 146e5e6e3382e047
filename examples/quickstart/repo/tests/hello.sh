# shellcheck shell=sh
# Every language greets the world in one line.
set -eu
[ "$(./greet)" = "Hello, world!" ]
[ "$(./greet Ada)" = "Hello, Ada!" ]
for file in lang/*; do
	[ "$(wc -l <"$file")" = 1 ]
	[ "$(./greet -l "$(basename "$file")")" = "$(cat "$file"), world!" ]
done
