// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"strconv"
	"strings"
	"time"
)

// workload names what a pod belongs to. Most of it is empty.
type workload struct {
	deployment, replicaSet, statefulSet, daemonSet, cronJob, job string
	// uidOf is the attribute of the owner's uid.
	uidOf string
}

// hashLabel is what the controller of Deployments puts on pods.
const hashLabel = "pod-template-hash"

// owners says what the pod belongs to. The owner of the owner follows from names, so that
// neither ReplicaSets nor Jobs have to be watched.
func (p *pod) owners() workload {
	switch p.OwnerKind {
	case "ReplicaSet":
		w := workload{replicaSet: p.OwnerName, uidOf: "k8s.replicaset.uid"}
		if hash := p.Labels[hashLabel]; hash != "" {
			w.deployment, _ = strings.CutSuffix(p.OwnerName, "-"+hash)
			if w.deployment == p.OwnerName {
				w.deployment = ""
			}
		}
		return w
	case "StatefulSet":
		return workload{statefulSet: p.OwnerName, uidOf: "k8s.statefulset.uid"}
	case "DaemonSet":
		return workload{daemonSet: p.OwnerName, uidOf: "k8s.daemonset.uid"}
	case "Job":
		return workload{job: p.OwnerName, cronJob: cronJobOf(p.OwnerName, p.Created), uidOf: "k8s.job.uid"}
	}
	return workload{}
}

// The pods of a CronJob's Job are made when the Job is due, or later when they are made again.
const (
	earlyPod = 24 * time.Hour
	latePod  = 7 * 24 * time.Hour
)

// cronJobOf returns the CronJob that has made a Job: <cronjob>-<minutes since 1970>, eight
// digits until 2160. It is empty for a Job that merely ends in digits, such as a date: those
// are not the minutes at which the pod was created. Both times are the cluster's.
func cronJobOf(job string, created int64) string {
	at := strings.LastIndexByte(job, '-')
	if at <= 0 || len(job)-at-1 != 8 || strings.Trim(job[at+1:], "0123456789") != "" {
		return ""
	}
	minutes, err := strconv.ParseInt(job[at+1:], 10, 64)
	if err != nil {
		return ""
	}
	age := time.Duration(created-minutes*60) * time.Second
	if age < -earlyPod || age > latePod {
		return ""
	}
	return job[:at]
}
