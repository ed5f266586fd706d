// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

var instance = replies{
	"PUT /latest/api/token":         secret,
	"/latest/meta-data/instance-id": "i-1", "/latest/meta-data/hostname": "ip-10-0-0-1.internal",
	"/latest/dynamic/instance-identity/document": `{"region": "eu-west-1", "accountId": "123", "availabilityZone": "eu-west-1a",
		"instanceId": "i-1", "imageId": "ami-1", "instanceType": "m5.large"}`,
	"/latest/meta-data/tags/instance": "team\ncost\n", "/latest/meta-data/tags/instance/team": "a",
}

const (
	tagsAnswer = `<DescribeTagsResponse><tagSet><item><key>team</key><value>a</value></item><item><key>cost</key><value>b</value></item></tagSet></DescribeTagsResponse>`
	nodeAnswer = `<DescribeInstancesResponse><reservationSet><item><ownerId>123</ownerId><instancesSet><item><imageId>ami-1</imageId>
		<instanceType>m5.large</instanceType><privateDnsName>ip-10.internal</privateDnsName><tagSet><item><key>x</key><value>y</value></item>
		<item><key>kubernetes.io/cluster/shop</key><value>owned</value></item></tagSet></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`
)

func and(a, b replies) replies {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func TestEC2EqualsUpstream(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		answers    replies
		want       int
	}{
		{"an instance", `detectors: [ec2]`, instance, 9},
		{"with attributes turned off", `{detectors: [ec2], ec2: {resource_attributes: {host.name: {enabled: false}, cloud.region: {enabled: false}}}}`, instance, 7},
		{"with tags of the API", `{detectors: [ec2], ec2: {tags: [^team$]}}`, and(instance, replies{"/": tagsAnswer}), 10},
		{"with tags of the metadata service", `{detectors: [ec2], ec2: {tags: [^team$], tags_from_imds: true}}`, instance, 10},
		{"with a tag that cannot be read", `{detectors: [ec2], ec2: {tags: [.*], tags_from_imds: true}}`, instance, 10},
		{"without the right to read tags", `{detectors: [ec2], ec2: {tags: [.*]}}`, instance, 9},
		{"a machine of another cloud", `{detectors: [ec2], ec2: {max_attempts: 1}}`, replies{}, 0},
		{"an instance without a document", `{detectors: [ec2], ec2: {max_attempts: 1}, retry: {enabled: false}}`, replies{"PUT /latest/api/token": "t", "/latest/meta-data/instance-id": "i"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			world.is(t, tt.answers)
			assert.Len(t, same(t, tt.yaml, nil).resource, tt.want)
		})
	}
	t.Run("a strict setting of the detector or of the processor", func(t *testing.T) {
		world.is(t, replies{})
		require.Error(t, same(t, `{detectors: [ec2], ec2: {max_attempts: 1, fail_on_missing_metadata: true}, retry: {enabled: false}}`, nil).err)
		require.Error(t, same(t, `{detectors: [ec2], fail_on_missing_metadata: true, ec2: {max_attempts: 1}, retry: {enabled: false}}`, nil).err)
	})
}

func TestRequestsToTheEC2APIAreSigned(t *testing.T) {
	var authorization, form string
	world.handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.ParseForm())
		authorization, form = r.Header.Get("Authorization"), r.PostForm.Encode()
		_, _ = w.Write([]byte(tagsAnswer))
	}))
	tags, err := describeTags(t.Context(), http.DefaultClient, "eu-west-1", "i-1")
	require.NoError(t, err)
	assert.Len(t, tags.Tags, 2)
	assert.Contains(t, authorization, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
	assert.Contains(t, authorization, "/eu-west-1/ec2/aws4_request")
	assert.Equal(t, "Action=DescribeTags&Filter.1.Name=resource-id&Filter.1.Value.1=i-1&Version=2016-11-15", form)
}

func TestEC2EndpointFollowsTheRegion(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_EC2", "")
	all := "http://all"
	assert.Equal(t, "https://ec2.eu-west-1.amazonaws.com/", ec2Endpoint("eu-west-1", nil))
	assert.Equal(t, "https://ec2.cn-north-1.amazonaws.com.cn/", ec2Endpoint("cn-north-1", nil))
	assert.Equal(t, all, ec2Endpoint("eu-west-1", &all))
}

const ecsTaskAnswer = `{"Cluster": "shop", "TaskARN": "arn:aws:ecs:us-west-2:123:task/shop/abc", "Family": "f", "Revision": "3",
	"AvailabilityZone": "us-west-2a", "LaunchType": "FARGATE", "Containers": [
	{"DockerId": "self", "Type": "NORMAL", "KnownStatus": "RUNNING", "LogDriver": "awslogs", "LogOptions": {"awslogs-group": "own"}},
	{"DockerId": "a", "Type": "NORMAL", "KnownStatus": "RUNNING", "LogDriver": "awslogs",
	 "LogOptions": {"awslogs-group": "g", "awslogs-region": "us-west-2", "awslogs-stream": "s/a"}},
	{"DockerId": "b", "Type": "NORMAL", "KnownStatus": "STOPPED", "LogDriver": "awslogs", "LogOptions": {"awslogs-group": "x"}},
	{"DockerId": "c", "Type": "NORMAL", "KnownStatus": "RUNNING", "LogDriver": "json-file"}]}`

func TestECSEqualsUpstream(t *testing.T) {
	const yaml = `{detectors: [ecs], retry: {enabled: false}}`
	assert.Empty(t, same(t, yaml, nil).resource, "no endpoint in the environment")
	require.Error(t, same(t, `{fail_on_missing_metadata: true, `+yaml[1:], nil).err)
	t.Setenv("ECS_CONTAINER_METADATA_URI_V4", "http://"+world.address+"/v4/x")
	for _, tt := range []struct {
		name    string
		answers replies
		want    int
		fails   bool
	}{
		{"a task", replies{"/v4/x/task": ecsTaskAnswer, "/v4/x": `{"DockerId": "self"}`}, 15, false},
		{"a task whose container is unknown", replies{"/v4/x/task": ecsTaskAnswer}, 11, false},
		{"a cluster named by its ARN, an old task ARN", replies{"/v4/x/task": `{"Cluster": "arn:aws:ecs:r:1:cluster/c", "TaskARN": "arn:aws:ecs:r:1:task/abc"}`, "/v4/x": `{}`}, 9, false},
		{"no task", replies{}, 0, true},
		{"garbage", replies{"/v4/x/task": `<html>`}, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			world.is(t, tt.answers)
			got := same(t, yaml, nil)
			assert.Equal(t, tt.fails, got.err != nil)
			assert.Len(t, got.resource, tt.want)
		})
	}
	t.Run("strict", func(t *testing.T) {
		world.is(t, replies{"/v4/x/task": ecsTaskAnswer})
		require.Error(t, same(t, `{fail_on_missing_metadata: true, `+yaml[1:], nil).err)
	})
}

// Upstream reads the token of a pod from a fixed path, so that ours is tested alone.
func TestEKS(t *testing.T) {
	all := "detectors: [eks]\nretry: {enabled: false}\neks:\n  node_from_env_var: NODE\n  resource_attributes:\n"
	for name := range defaultDetectorConfig().EKS.ResourceAttributes {
		all += "    " + name + ": {enabled: true}\n"
	}
	server := newKube(t, replies{
		"/version":                          `{"gitVersion": "v1.33.0-eks-abc"}`,
		"/api/v1/nodes/n1":                  `{"spec": {"providerID": "aws:///eu-west-1a/i-1"}}`,
		"/.well-known/openid-configuration": `{"issuer": "https://kubernetes.default.svc"}`,
	})
	inClusterConfig = func() (*rest.Config, error) {
		return &rest.Config{Host: server.URL, BearerToken: secret, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, nil
	}
	t.Cleanup(func() { inClusterConfig = rest.InClusterConfig })
	setenv(t, "KUBERNETES_SERVICE_HOST=10.0.0.1", "NODE=n1")
	want := attributes{"cloud.provider": "aws", "cloud.platform": "aws_eks", "cloud.region": "eu-west-1",
		"cloud.availability_zone": "eu-west-1a", "cloud.account.id": "123", "host.id": "i-1", "host.image.id": "ami-1",
		"host.type": "m5.large", "host.name": "ip-10.internal", "k8s.cluster.name": "shop"}
	t.Run("by the API server and the EC2 API, where pods cannot reach the metadata service", func(t *testing.T) {
		world.is(t, replies{"/": nodeAnswer})
		got := ours(t, all, nil)
		require.NoError(t, got.err)
		assert.Equal(t, want, got.resource)
	})
	t.Run("by the metadata service", func(t *testing.T) {
		world.is(t, and(instance, replies{"/": nodeAnswer}))
		got := ours(t, all, nil)
		require.NoError(t, got.err)
		want := maps.Clone(want)
		want["host.name"] = "ip-10-0-0-1.internal"
		assert.Equal(t, want, got.resource)
	})
	t.Run("another cluster", func(t *testing.T) {
		other := newKube(t, replies{"/version": `{"gitVersion": "v1.33.0"}`})
		inClusterConfig = func() (*rest.Config, error) {
			return &rest.Config{Host: other.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, nil
		}
		assert.Empty(t, ours(t, all, nil).resource)
		assert.ErrorContains(t, ours(t, all+"fail_on_missing_metadata: true\n", nil).err, "is not that of EKS")
	})
}

// newKube starts an API server with these answers.
func newKube(t *testing.T, answers replies) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if status, refused := strings.CutPrefix(answer, "status "); refused {
			w.WriteHeader(map[string]int{"403": 403, "500": 500}[status])
			return
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	server.Config.SetKeepAlivesEnabled(false)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}
