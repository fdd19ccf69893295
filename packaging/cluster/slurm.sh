#!/bin/sh
# A survey as a job array: sbatch slurm.sh. The number of tasks is the number of shards.
#SBATCH --job-name=sonde-survey
#SBATCH --array=1-8
#SBATCH --ntasks=1
#SBATCH --mem=64M
#SBATCH --requeue
#SBATCH --signal=B:TERM@30
#SBATCH --open-mode=append
#SBATCH --output=part-%a.json
#SBATCH --error=part-%a.log

exec sonde sweep --shard auto --seed 20261122 \
	--rate 1k --json --alive --min-alive 0 \
	--payload-text 'survey, see https://survey.example/' \
	--exclude-file exclude --file targets \
	--resume "part-$SLURM_ARRAY_TASK_ID.resume"
