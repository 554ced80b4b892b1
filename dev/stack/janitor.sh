#!/bin/sh
# Usage: janitor.sh DIRECTORY
#
# Waits until its standard input closes, then kills every process that has a pid file in DIRECTORY and removes
# DIRECTORY. The kernel closes the pipe however the owner ends, also by SIGKILL: no server outlives a crashed test
# run. A process of its own is needed because neither the JVM nor Redis watches its parent.
trap '' INT TERM HUP # Ctrl-C goes to the whole terminal; the janitor has to be the last one to leave.

directory=$1
while read -r _; do :; done
for file in "$directory"/*.pid; do
  [ -f "$file" ] && kill -KILL "$(cat "$file")" 2>/dev/null
done
# A dying JVM may still create a file between two steps of rm.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$directory" 2>/dev/null && exit 0
  sleep 0.1
done
