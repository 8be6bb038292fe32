#!/usr/bin/env bash
# A cluster of one node on loopback, to try the profiles on: one_node.sh up FOLDER | down FOLDER. As root, on Debian with
# the packages slurm-wlm and munge; no accounting, no systemd. An /etc/slurm/slurm.conf of somebody else is left alone.
set -euo pipefail
what=$1 home=$(realpath -m "$2") conf=/etc/slurm/slurm.conf

stop() {
    for one in slurmd slurmctld munged; do
        [ -f "$home/$one.pid" ] && kill "$(cat "$home/$one.pid")" 2> /dev/null || true
    done
    [ "$(readlink -f "$conf" || true)" = "$home/slurm.conf" ] && rm -f "$conf"
    true
}

if [ "$what" = down ]; then stop; exit; fi

[ "$(id -u)" = 0 ] || { echo "A cluster is started by root only." >&2; exit 1; }
for one in slurmctld slurmd munged sbatch; do
    PATH=$PATH:/usr/sbin command -v "$one" > /dev/null || { echo "$one was not found: install slurm-wlm and munge." >&2; exit 1; }
done
if [ -e "$conf" ] && [ "$(readlink -f "$conf")" != "$home/slurm.conf" ]; then
    echo "$conf belongs to another cluster: nothing was started." >&2; exit 1
fi

mkdir -p "$home"/{state,spool} /etc/slurm
chmod 755 "$home"
# A key and a socket of its own: the machine's munge is left as it is.
(umask 077 && head -c 1024 /dev/urandom > "$home/munge.key")
/usr/sbin/munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munged.pid" \
    --log-file="$home/munged.log" --seed-file="$home/munge.seed"
node=$(hostname -s)
cat > "$home/slurm.conf" << END
ClusterName=one
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
MinJobAge=600
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(free -m | awk '/Mem:/{print $2 - 500}') State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
ln -sfn "$home/slurm.conf" "$conf"
/usr/sbin/slurmctld
/usr/sbin/slurmd
for _ in $(seq 60); do
    if [ "$(sinfo --noheader --format=%T 2> /dev/null)" = idle ]; then exit; fi
    sleep 0.5
done
echo "The node did not come up:" >&2
tail -n 5 "$home"/*.log >&2
stop
exit 1
