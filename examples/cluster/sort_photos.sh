#!/bin/sh
# The job: makes the features of all photographs on all machines of the cluster, then groups them on this one. It moves
# nothing: the result is a plan to look at. Give it again after whatever stopped it: features that are there stay.
#
#     sh sort_photos.sh PHOTOS FEATURES [further options of imgsort embed]
#
# PHOTOS: a folder that every machine sees under the same path. FEATURES: a folder for the dataset, also on all of them.
# If several Rays may run on this machine, set RAY_ADDRESS to HOST:PORT of the cluster, as `ray start` shows it.
set -eu

photos=${1:?usage: sort_photos.sh PHOTOS FEATURES [OPTION...]}
features=${2:?usage: sort_photos.sh PHOTOS FEATURES [OPTION...]}
shift 2
imgsort=${IMGSORT:-imgsort}

$imgsort embed "$photos" --recursive --output "$features/dataset" --engine ray --ray-address auto "$@"
$imgsort categorize "$photos" --recursive --features "$features/dataset" --plan "$features/plan.csv"
echo "Look at $features/plan.csv, edit it, then: imgsort apply $features/plan.csv"
