#!/bin/sh
# The first process of a private world (see world.mjs): prepares it, runs the command given as arguments and ends with
# its exit code. As process 1 of its namespace it also takes in every orphan, and its end ends them all.
set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 1777 /run/lock /run/shm /run/tmp
mkdir /run/netns
ip link set lo up
TMPDIR=/run/tmp
export TMPDIR
set +e
"$@"
exit $?
