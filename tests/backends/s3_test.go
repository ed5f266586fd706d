// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/loki"
	"github.com/tributary-otel/tributary/tests/testkit"
)

const rootUser, rootPassword, keyID, secretKey = "somebody", "root/secret+1", "loki-key", "loki/secret+1"

// The versions are those that minio/go.mod pins.
var (
	minioServer = testkit.Pinned{
		Name: "minio", Module: "tests/backends/minio", Require: "github.com/minio/minio", Command: "github.com/minio/minio",
	}
	minioClient = testkit.Pinned{
		Name: "mc", Module: "tests/backends/minio", Require: "github.com/minio/mc", Command: "github.com/minio/mc",
	}
)

// minio is a server as its pod starts it.
type minio struct {
	t       *testing.T
	client  string
	address string
}

func startMinIO(t *testing.T) minio {
	t.Helper()
	program, client := minioServer.Binary(t), minioClient.Binary(t)
	template := pods(find(t, decode(t, []byte(read(t, server("minio", "statefulset.yaml")))), "StatefulSet", "minio"))
	container := template.Spec.Containers[0]
	files := t.TempDir()
	for name, text := range map[string]string{"user": rootUser, "password": rootPassword} {
		require.NoError(t, os.WriteFile(filepath.Join(files, name), []byte(text), 0o600))
	}
	var environment []string
	for _, e := range container.Env {
		if e.Name != "HOME" { // The test has one of its own.
			environment = append(environment, e.Name+"="+strings.Replace(e.Value, "/run/secrets/minio-root", files, 1))
		}
	}
	m := minio{t: t, client: client, address: fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))}
	require.Equal(t, []string{"server", "/data"}, container.Args)
	testkit.Start(t, testkit.Options{Path: program, Args: []string{"server", t.TempDir(), "--address=" + m.address}, Env: environment})
	testkit.Eventually(t, testkit.StartTimeout, "MinIO to be ready", func() bool {
		_, err := get("http://" + m.address + container.ReadinessProbe.HTTPGet.Path)
		return err == nil
	})
	return m
}

// mc runs a command of the client and returns what it prints.
func (m minio) mc(env []string, args ...string) (string, error) {
	command := exec.Command(m.client, args...)
	command.Env = append([]string{"HOME=" + m.t.TempDir()}, env...)
	out, err := command.CombinedOutput()
	return string(out), err
}

// asLoki are the credentials that Loki has.
func (m minio) asLoki() []string {
	return []string{fmt.Sprintf("MC_HOST_minio=http://%s:%s@%s", keyID, secretKey, m.address)}
}

// prepare does what the containers of the Job do, one after the other.
func (m minio) prepare() {
	m.t.Helper()
	job := find(m.t, decode(m.t, []byte(read(m.t, server("minio", "job.yaml")))), "Job", "minio-bucket").typed.(*batchv1.Job)
	values := map[string]string{
		"minio-root/user": rootUser, "minio-root/password": rootPassword, "loki-s3/access-key-id": keyID, "loki-s3/secret-access-key": secretKey,
	}
	for _, c := range append(append([]corev1.Container{}, job.Spec.Template.Spec.InitContainers...), job.Spec.Template.Spec.Containers...) {
		pairs := []string{"minio:9000", m.address, "/policy/policy.json", server("minio", "policy.json"), "/tmp/mc", m.t.TempDir()}
		for _, e := range c.Env {
			if e.ValueFrom != nil {
				pairs = append(pairs, "$("+e.Name+")", values[e.ValueFrom.SecretKeyRef.Name+"/"+e.ValueFrom.SecretKeyRef.Key])
			}
		}
		expand := strings.NewReplacer(pairs...)
		var env, args []string
		for _, e := range c.Env {
			if e.ValueFrom == nil {
				env = append(env, e.Name+"="+expand.Replace(e.Value))
			}
		}
		for _, a := range c.Args {
			args = append(args, expand.Replace(a))
		}
		out, err := m.mc(env, args...)
		require.NoError(m.t, err, "%s: %s", c.Name, out)
	}
}

// The Job may run again, and its user may do with the bucket what Loki has to, and nothing else.
func TestTheBucketOfLoki(t *testing.T) {
	t.Parallel()
	m := startMinIO(t)
	m.prepare()
	m.prepare()
	for _, refused := range []string{"mb minio/other", "admin user list minio", "rb --force minio/loki"} {
		out, err := m.mc(m.asLoki(), strings.Fields(refused)...)
		require.Error(t, err, refused)
		assert.Contains(t, out, "Access Denied", refused)
	}
}

// What is shipped is found in Loki, its chunks are in the bucket, and after a restart on an empty disk they are found still.
func TestLokiOnS3(t *testing.T) {
	t.Parallel()
	m := startMinIO(t)
	m.prepare()
	text := loki.Shipped{
		Config: read(t, server("loki-s3", "loki.yaml")), Rules: map[string]string{"fake/rules.yaml": read(t, server("loki", "rules.yaml"))},
		Env: []string{"LOKI_S3_ENDPOINT=" + m.address, "LOKI_S3_INSECURE=true", "LOKI_S3_BUCKET=loki", "LOKI_S3_ACCESS_KEY_ID=" + keyID, "LOKI_S3_SECRET_ACCESS_KEY=" + secretKey},
	}
	l := loki.StartShipped(t, text)
	config, err := l.Get("/config")
	require.NoError(t, err)
	assert.NotContains(t, config, secretKey)
	ship(t, "loki", "TRIBUTARY_LOKI_URL="+l.URL())
	arrived(t, l, `{namespace=~".+"}`)
	// The end of the process writes all of it; that of a crash is in the log on the volume.
	l.Stop()
	testkit.Eventually(t, testkit.DeliverTimeout, "chunks and an index in the bucket", func() bool {
		out, err := m.mc(m.asLoki(), "ls", "--recursive", "minio/loki")
		return err == nil && strings.Contains(out, " fake/") && strings.Contains(out, " index/index_")
	})
	arrived(t, loki.StartShipped(t, text), `{namespace=~".+"}`)
}
