// SPDX-License-Identifier: Apache-2.0

// Package resourcedetectionprocessor adds to every resource what the machine, the container, the cluster and the
// cloud say of themselves. It takes the configuration of the upstream processor of the same name and answers as that
// one does, without the client libraries of the clouds: a metadata service is a few plain HTTP requests.
//
// Reading order: config.go, sections.go and attributes.go (what the user says), factory.go (who shares a detection),
// processor.go with merge.go (what happens to a batch), provider.go (when detection runs) and attempt.go (one detector,
// until it succeeds). detector.go lists the detectors and finding.go is what they return. Then one file per platform:
// env.go, system.go with hostname.go, docker.go, environment.go, elasticbeanstalk.go, kubernetes.go, openshift.go,
// ec2.go with imds.go and ec2api.go, ecs.go, eks.go, gcp.go with gcpplatform.go, azure.go, consul.go, dynatrace.go, and
// for the services of the smaller clouds service.go (how they are asked), services.go (the table) and nova.go.
// metadataclient.go is the HTTP client of all of them.
package resourcedetectionprocessor

//go:generate go tool -modfile=../../tools/go.mod mdatagen metadata.yaml
