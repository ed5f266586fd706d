// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"cloud.google.com/go/compute/metadata"
	conventions "go.opentelemetry.io/otel/semconv/v1.40.0"
)

// gcpSource is where an attribute of Google's platforms comes from.
type gcpSource func(ctx context.Context, m *metadata.Client) (string, error)

// readGoogle asks the metadata server. The library puts what the server says into its errors, which may be secret.
func readGoogle(ctx context.Context, m *metadata.Client, path string) (string, error) {
	value, err := m.GetWithContext(ctx, path)
	var status *metadata.Error
	if errors.As(err, &status) {
		return "", fmt.Errorf("GET %s: the metadata server answers with status %d", path, status.Code)
	}
	return value, err
}

// fromMetadata takes a value as it is, only the last part of a path, or the text in front of the first blank.
func fromMetadata(path string) gcpSource {
	return func(ctx context.Context, m *metadata.Client) (string, error) {
		value, err := readGoogle(ctx, m, path)
		return strings.TrimSpace(value), err
	}
}

func lastPart(path string) gcpSource {
	return func(ctx context.Context, m *metadata.Client) (string, error) {
		value, err := readGoogle(ctx, m, path)
		value = strings.TrimSpace(value)
		return value[strings.LastIndex(value, "/")+1:], err
	}
}

// verbatim keeps even blanks.
func verbatim(path string) gcpSource {
	return func(ctx context.Context, m *metadata.Client) (string, error) { return readGoogle(ctx, m, path) }
}

// fromVariables takes the first variable that is set.
func fromVariables(variables ...string) gcpSource {
	return func(context.Context, *metadata.Client) (string, error) {
		for _, variable := range variables {
			if value, ok := os.LookupEnv(variable); ok {
				return value, nil
			}
		}
		return "", fmt.Errorf("%s is not set", strings.Join(variables, ", "))
	}
}

// gcpPlatform is one of Google's platforms.
type gcpPlatform struct {
	name string
	// here says whether the process runs on it; the first platform of the list that says so is the one.
	here       func(ctx context.Context, m *metadata.Client) bool
	attributes map[string]gcpSource
	// optional are attributes that may be missing without being reported.
	optional map[string]gcpSource
	// zone reads location attributes that come from one answer.
	zone func(ctx context.Context, m *metadata.Client, found facts) error
}

func isSet(variable string) func(context.Context, *metadata.Client) bool {
	return func(context.Context, *metadata.Client) bool {
		_, ok := os.LookupEnv(variable)
		return ok
	}
}

func answers(path string) func(context.Context, *metadata.Client) bool {
	return func(ctx context.Context, m *metadata.Client) bool {
		_, err := readGoogle(ctx, m, path)
		return err == nil
	}
}

var (
	gcpFaaSName    = fromVariables("K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL")
	gcpFaaSVersion = fromVariables("CLOUD_RUN_REVISION", "K_REVISION")
	gcpInstanceID  = fromMetadata("instance/id")
	gcpRegion      = lastPart("instance/region")
	gcpFunction    = map[string]gcpSource{
		"faas.name": gcpFaaSName, "faas.version": gcpFaaSVersion, "faas.instance": gcpInstanceID, "cloud.region": gcpRegion,
	}
	gcpApp = map[string]gcpSource{
		"faas.name": fromVariables("GAE_SERVICE"), "faas.version": fromVariables("GAE_VERSION"), "faas.instance": fromVariables("GAE_INSTANCE"),
	}
)

var gcpPlatforms = []gcpPlatform{
	{
		name: conventions.CloudPlatformGCPKubernetesEngine.Value.AsString(),
		here: func(ctx context.Context, m *metadata.Client) bool {
			return isSet("KUBERNETES_SERVICE_HOST")(ctx, m) && answers("instance/attributes/cluster-location")(ctx, m)
		},
		attributes: map[string]gcpSource{"k8s.cluster.name": verbatim("instance/attributes/cluster-name"), "host.id": gcpInstanceID},
		optional:   map[string]gcpSource{"host.name": fromMetadata("instance/name")}, // Workload identity hides it.
		zone:       gkeLocation,
	},
	{name: conventions.CloudPlatformGCPCloudFunctions.Value.AsString(), here: isSet("FUNCTION_TARGET"), attributes: gcpFunction},
	{name: conventions.CloudPlatformGCPCloudRun.Value.AsString(), here: isSet("K_CONFIGURATION"), attributes: gcpFunction},
	{name: conventions.CloudPlatformGCPCloudRun.Value.AsString(), here: isSet("CLOUD_RUN_JOB"), attributes: map[string]gcpSource{
		"faas.name": gcpFaaSName, "faas.instance": gcpInstanceID, "cloud.region": gcpRegion,
		"gcp.cloud_run.job.execution":  fromVariables("CLOUD_RUN_EXECUTION"),
		"gcp.cloud_run.job.task_index": fromVariables("CLOUD_RUN_TASK_INDEX"),
	}},
	{name: conventions.CloudPlatformGCPCloudRun.Value.AsString(), here: isSet("CLOUD_RUN_WORKER_POOL"), attributes: gcpFunction},
	{
		name: conventions.CloudPlatformGCPAppEngine.Value.AsString(),
		here: func(context.Context, *metadata.Client) bool { return os.Getenv("GAE_ENV") == "standard" },
		attributes: map[string]gcpSource{
			"faas.name": gcpApp["faas.name"], "faas.version": gcpApp["faas.version"], "faas.instance": gcpApp["faas.instance"],
			"cloud.availability_zone": lastPart("instance/zone"), "cloud.region": gcpRegion,
		},
	},
	{name: conventions.CloudPlatformGCPAppEngine.Value.AsString(), here: isSet("GAE_SERVICE"), attributes: gcpApp, zone: gceLocation},
	{
		name: conventions.CloudPlatformGCPComputeEngine.Value.AsString(),
		here: answers("instance/machine-type"),
		attributes: map[string]gcpSource{
			"host.type": verbatim("instance/machine-type"), "host.id": gcpInstanceID, "host.name": fromMetadata("instance/name"),
			"gcp.gce.instance.hostname": fromMetadata("instance/hostname"), "gcp.gce.instance.name": fromMetadata("instance/name"),
		},
		zone: func(ctx context.Context, m *metadata.Client, found facts) error {
			return errors.Join(gceLocation(ctx, m, found), gceGroup(ctx, m, found))
		},
	},
}

// gceLocation reads projects/<number>/zones/<country>-<region>-<zone>.
func gceLocation(ctx context.Context, m *metadata.Client, found facts) error {
	zone, err := lastPart("instance/zone")(ctx, m)
	if err != nil {
		return err
	}
	if strings.Count(zone, "-") < 2 {
		return fmt.Errorf("the zone %q is not <country>-<region>-<zone>", zone)
	}
	parts := strings.SplitN(zone, "-", 3)
	found.text("cloud.availability_zone", zone)
	found.text("cloud.region", parts[0]+"-"+parts[1])
	return nil
}

// gkeLocation reads a zone, or a region for clusters in several zones.
func gkeLocation(ctx context.Context, m *metadata.Client, found facts) error {
	location, err := verbatim("instance/attributes/cluster-location")(ctx, m)
	if err != nil {
		return err
	}
	switch strings.Count(location, "-") {
	case 1:
		found.text("cloud.region", location)
	case 2:
		found.text("cloud.availability_zone", location)
		found.text("cloud.region", location[:strings.LastIndex(location, "-")])
	default:
		return fmt.Errorf("the location of the cluster %q is neither a zone nor a region", location)
	}
	return nil
}

var gceManager = regexp.MustCompile(`^projects/[^/]+/(zone|region)s/([^/]+)/instanceGroupManagers/([^/]+)$`)

// gceGroup reads which managed group made the instance. Most instances are made by hand.
func gceGroup(ctx context.Context, m *metadata.Client, found facts) error {
	creator, err := verbatim("instance/attributes/created-by")(ctx, m)
	var byHand metadata.NotDefinedError
	if errors.As(err, &byHand) {
		return nil
	}
	if err != nil {
		return err
	}
	if match := gceManager.FindStringSubmatch(creator); match != nil {
		found.text("gcp.gce.instance_group_manager.name", match[3])
		found.text("gcp.gce.instance_group_manager."+match[1], match[2])
	}
	return nil
}
