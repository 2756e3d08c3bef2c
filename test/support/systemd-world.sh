#!/bin/bash
# Starts systemd as the first process of namespaces and of a cgroup of its own; see systemd-world.ts.
# Arguments: a folder for its files, a name for the cgroup, the repository, Node.
set -e

overlay() {
  mkdir -p "/run/world/$2/upper" "/run/world/$2/work"
  mount -t overlay -o "lowerdir=$1,upperdir=/run/world/$2/upper,workdir=/run/world/$2/work" overlay "$1"
}

empty() {
  mount -t tmpfs -o mode=0755 tmpfs "$1"
}

if [ "$1" != inside ]; then
  mkdir "$1/cgroup"
  mount -t cgroup2 cgroup2 "$1/cgroup"
  mkdir "$1/cgroup/$2"
  echo $$ > "$1/cgroup/$2/cgroup.procs"
  exec unshare --pid --cgroup --ipc --uts --net --mount --fork --kill-child --mount-proc /bin/bash "$0" inside "$@"
fi

folder=$2 repository=$4 node=$5
mount -t sysfs -o ro sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup

# Found again where no sandbox hides it.
mkdir "$folder/run"
empty "$folder/run"
mkdir -p "$folder/run/lock" "$folder/run/world/gluewall"
mount --bind "$repository" "$folder/run/world/gluewall"
touch "$folder/run/world/node"
mount --bind "$node" "$folder/run/world/node"
mount --no-mtab --move "$folder/run" /run

overlay /etc etc
overlay /usr/local local
for hidden in /var/lib /var/log /var/cache /etc/systemd /usr/lib/systemd/system /usr/lib/systemd/system-generators; do
  empty "$hidden"
done
mkdir -p /etc/systemd/system /etc/gluewall
for target in sysinit basic shutdown multi-user network network-online; do
  printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$target" > "/usr/lib/systemd/system/$target.target"
done
printf '#!/bin/sh\nexec /run/world/node /run/world/gluewall/dist/src/cli/main.js "$@"\n' > /usr/local/bin/gluewall
chmod 755 /usr/local/bin/gluewall
ip link set lo up
# As process 1 of a machine has it; credentials are mounted by way of it.
mount --no-mtab --make-rshared /

export container=gluewall-test
exec /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --log-level=notice --show-status=no
