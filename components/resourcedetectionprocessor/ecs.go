// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

type ecsTask struct {
	AvailabilityZone, Cluster, Family, LaunchType, Revision, TaskARN string
	Containers                                                       []ecsContainer
}

type ecsContainer struct {
	DockerID    string `json:"DockerId"`
	KnownStatus string
	LogDriver   string
	LogOptions  ecsLog
	Type        string
}

type ecsLog struct {
	Group  string `json:"awslogs-group"`
	Region string `json:"awslogs-region"`
	Stream string `json:"awslogs-stream"`
}

// newECS returns the detector `ecs`: the task, as its metadata endpoint describes it.
func newECS(s settings) (detect, error) {
	section := s.sections.ECS
	endpoint := os.Getenv("ECS_CONTAINER_METADATA_URI_V4")
	if endpoint == "" {
		endpoint = os.Getenv("ECS_CONTAINER_METADATA_URI")
	}
	client := metadataClient(2 * time.Second)
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		if endpoint == "" {
			return s.absent("ECS", errors.New("ECS_CONTAINER_METADATA_URI_V4 is not set"))
		}
		var task ecsTask
		if err := getJSON(ctx, client, endpoint+"/task", nil, &task); err != nil {
			return nothing(), fmt.Errorf("cannot read about the task: %w", err)
		}
		found := section.ResourceAttributes.facts()
		found.cloud("aws", conventions.CloudPlatformAWSECS.Value.AsString())
		found.text("aws.ecs.task.arn", task.TaskARN)
		found.text("aws.ecs.task.family", task.Family)
		found.text("aws.ecs.task.revision", task.Revision)
		region, account, id := readTaskARN(task.TaskARN)
		found.known("cloud.account.id", account)
		found.known("cloud.region", region)
		found.known("aws.ecs.task.id", id)
		found.known("cloud.availability_zone", task.AvailabilityZone)
		cluster := task.Cluster
		if !strings.Contains(cluster, ":") {
			cluster = fmt.Sprintf("arn:aws:ecs:%s:%s:cluster/%s", region, account, cluster)
		}
		found.text("aws.ecs.cluster.arn", cluster)
		if launch := strings.ToLower(task.LaunchType); launch == "ec2" || launch == "fargate" {
			found.text("aws.ecs.launchtype", launch)
		}
		var self ecsContainer
		if err := getJSON(ctx, client, endpoint, nil, &self); err != nil {
			if s.strict {
				return nothing(), fmt.Errorf("cannot read about the container: %w", err)
			}
			return found.finding, nil // The task is known, that is most of it.
		}
		found.logs(task.Containers, self.DockerID, account)
		return found.finding, nil
	}, nil
}

// readTaskARN reads arn:aws:ecs:<region>:<account>:task/<id>, or …:task/<cluster>/<id>.
func readTaskARN(arn string) (region, account, id string) {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return "", "", ""
	}
	return parts[3], parts[4], parts[5][strings.LastIndex(parts[5], "/")+1:]
}

// logs adds where the containers of the task log to: those of the user that run and use CloudWatch, without our own.
func (f facts) logs(containers []ecsContainer, self, account string) {
	var groups, groupARNs, streams, streamARNs []string
	for _, c := range containers {
		if c.Type != "NORMAL" || c.KnownStatus != "RUNNING" || c.LogDriver != "awslogs" || c.DockerID == self || c.LogOptions == (ecsLog{}) {
			continue
		}
		group := fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", c.LogOptions.Region, account, c.LogOptions.Group)
		groups, groupARNs = append(groups, c.LogOptions.Group), append(groupARNs, group)
		streams, streamARNs = append(streams, c.LogOptions.Stream), append(streamARNs, group+":log-stream:"+c.LogOptions.Stream)
	}
	if len(groups) == 0 {
		return
	}
	f.list("aws.log.group.names", groups)
	f.list("aws.log.group.arns", groupARNs)
	f.list("aws.log.stream.names", streams)
	f.list("aws.log.stream.arns", streamARNs)
}
