#!/bin/bash
# Screens a library on a cluster with Slurm: one task for each shard, then a task that merges what they found.
#
#   deploy/slurm.sh N RUN LIBRARY TARGETS WORK HITS [FLAG..]
#
# N shards; RUN, LIBRARY, TARGETS and the folder WORK lie where all nodes see them; WORK may be an object store instead (s3://BUCKET/PREFIX, and
# LOG a folder for logs, by default fusebind-log). HITS (.csv, .tsv, .parquet) is written at the end. Further
# flags go to `fusebind screen run`, as --top 100. FUSEBIND is the program where it is not on the PATH, SBATCH_FLAGS what sbatch is told besides,
# as "--partition short --mem 8G". Each finished unit is kept in WORK. A task that fails or whose node is lost is queued again, at most
# RETRIES times, and goes on with its next unit; so does the whole when this command is given again. The hits have the same bytes.
set -euo pipefail
if [ $# -lt 6 ]; then
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
shards=$1 run=$2 library=$3 targets=$4 work=$5 hits=$6
shift 6
export FUSEBIND=${FUSEBIND:-fusebind} RETRIES=${RETRIES:-3}
case $work in
    *://*) log=${LOG:-fusebind-log} ;;
    *) log=$work/log ;;
esac
mkdir -p "$log"

# What a task runs. Its arguments are quoted by printf, so that any name of a file is one argument.
printf -v flags '%q ' --library "$library" --targets "$targets" "$@"
printf -v run '%q' "$run"
printf -v folder '%q' "$work"
# All shards share one place of an object store. Folders are one for each, so that nothing else has to be the same.
case $work in
    *://*) own=$folder every=$folder ;;
    *) own="$folder/shard-\$shard" every="$folder/shard-*" ;;
esac
task=$(cat <<TASK
#!/bin/bash
#SBATCH --open-mode=append
shard=\$SLURM_ARRAY_TASK_ID
export RAYON_NUM_THREADS=\${SLURM_CPUS_PER_TASK:-1}
srun "\$FUSEBIND" screen run $run $flags --quiet --work $own --shard \$shard/$shards && exit 0
# A killed process leaves the node as it was: the task goes on there or on another node.
if [ "\${SLURM_RESTART_COUNT:-0}" -lt "\$RETRIES" ]; then
    scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\$shard"
    sleep 60 # until the task is taken off
fi
exit 1
TASK
)
# shellcheck disable=SC2086 # flags are several words
array=$(sbatch --parsable --requeue --job-name fusebind --array "1-$shards" --output "$log/%a.log" ${SBATCH_FLAGS:-} <<<"$task")
echo "array ${array%%;*}: $shards shards"

printf -v hits '%q' "$hits"
# shellcheck disable=SC2086
merge=$(sbatch --parsable --job-name fusebind-merge --dependency "afterok:${array%%;*}" --kill-on-invalid-dep yes \
    --output "$log/merge.log" ${SBATCH_FLAGS:-} <<MERGE
#!/bin/bash
srun "\$FUSEBIND" screen merge $every -o $hits
MERGE
)
echo "merge ${merge%%;*}: $hits"
