// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// google is a metadata server with an instance.
var google = func() replies {
	answers := replies{}
	for path, answer := range map[string]string{
		"project/project-id": "shop-1", "instance/id": "42", "instance/name": "vm-1", "instance/hostname": "vm-1.internal",
		"instance/zone": "projects/7/zones/europe-west1-b", "instance/region": "projects/7/regions/europe-west1",
		"instance/machine-type":                   "projects/7/machineTypes/e2",
		"instance/service-accounts/default/token": `{"access_token": "` + secret + `"}`,
	} {
		answers["/computeMetadata/v1/"+path] = answer
	}
	return answers
}()

func googleWith(path, answer string) replies {
	return and(google, replies{"/computeMetadata/v1/instance/attributes/" + path: answer})
}

func TestGCPEqualsUpstream(t *testing.T) {
	for _, tt := range []struct {
		name      string
		variables []string
		answers   replies
		platform  string
		want      int
	}{
		{"Compute Engine", nil, google, "gcp_compute_engine", 10},
		{"an instance of a zonal group", nil, googleWith("created-by", "projects/7/zones/z/instanceGroupManagers/g"), "gcp_compute_engine", 12},
		{"an instance of a regional group", nil, googleWith("created-by", "projects/7/regions/r/instanceGroupManagers/g"), "gcp_compute_engine", 12},
		{"an instance that something else made", nil, googleWith("created-by", "me"), "gcp_compute_engine", 10},
		{"GKE in a zone", []string{"KUBERNETES_SERVICE_HOST=1"}, and(googleWith("cluster-location", "europe-west1-b"), googleWith("cluster-name", "c")), "gcp_kubernetes_engine", 8},
		{"GKE in a region", []string{"KUBERNETES_SERVICE_HOST=1"}, and(googleWith("cluster-location", "europe-west1"), googleWith("cluster-name", "c")), "gcp_kubernetes_engine", 7},
		{"a cluster of somebody else", []string{"KUBERNETES_SERVICE_HOST=1"}, google, "gcp_compute_engine", 10},
		{"Cloud Functions", []string{"FUNCTION_TARGET=f", "K_SERVICE=s", "K_REVISION=r"}, google, "gcp_cloud_functions", 7},
		{"Cloud Run", []string{"K_CONFIGURATION=c", "K_SERVICE=s", "K_REVISION=r"}, google, "gcp_cloud_run", 7},
		{"a job of Cloud Run", []string{"CLOUD_RUN_JOB=j", "CLOUD_RUN_EXECUTION=e", "CLOUD_RUN_TASK_INDEX=0"}, google, "gcp_cloud_run", 8},
		{"a worker pool of Cloud Run", []string{"CLOUD_RUN_WORKER_POOL=p", "CLOUD_RUN_REVISION=r"}, google, "gcp_cloud_run", 7},
		{"App Engine", []string{"GAE_SERVICE=s", "GAE_VERSION=v", "GAE_INSTANCE=i"}, google, "gcp_app_engine", 8},
		{"App Engine Standard", []string{"GAE_ENV=standard", "GAE_SERVICE=s", "GAE_VERSION=v", "GAE_INSTANCE=i"}, google, "gcp_app_engine", 8},
		{"Bare Metal", []string{"BMS_PROJECT_ID=p", "BMS_REGION=r", "BMS_INSTANCE_ID=i"}, replies{}, "gcp_bare_metal_solution", 5},
		{"a server that knows nothing", nil, replies{}, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, tt.variables...)
			world.is(t, tt.answers)
			got := same(t, `{detectors: [gcp], gcp: {resource_attributes: {gcp.gce.instance.name: {enabled: true}, gcp.gce.instance.hostname: {enabled: true}}}}`, nil)
			require.NoError(t, got.err)
			assert.Len(t, got.resource, tt.want)
			if tt.platform != "" {
				assert.Equal(t, tt.platform, got.resource["cloud.platform"])
			}
		})
	}
	t.Run("strict", func(t *testing.T) {
		world.is(t, replies{})
		require.Error(t, same(t, `{detectors: [gcp], fail_on_missing_metadata: true, retry: {enabled: false}}`, nil).err)
	})
}

// The library of upstream has the address of the Compute API in its code.
func TestLabelsOfComputeEngine(t *testing.T) {
	gceAPI = "http://" + world.address + "/compute"
	t.Cleanup(func() { gceAPI = "https://compute.googleapis.com/compute/v1" })
	world.is(t, and(google, replies{"/compute/projects/shop-1/zones/europe-west1-b/instances/vm-1": `{"labels": {"team": "a", "x": "y"}}`}))
	got := ours(t, `{detectors: [gcp], gcp: {labels: [^team$]}}`, nil)
	assert.Equal(t, "a", got.resource["gcp.gce.instance.labels.team"])
	assert.Len(t, got.resource, 9)
}
