#!/bin/sh
# Runs every test; says which one failed.
cd "$(dirname "$0")" || exit 1
status=0
for test in tests/*.sh; do
	if sh "$test"; then
		echo "ok   $test"
	else
		echo "FAIL $test"
		status=1
	fi
done
exit $status
