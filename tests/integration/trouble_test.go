// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
	"github.com/tributary-otel/tributary/tests/testkit/kubeapi"
)

// trouble is what may be wrong with a pod: the log and the readiness say what, it ships what it can, and it goes on by
// itself when it is mended.
type trouble struct {
	name    string
	backend string
	// breaks is called before the start, and returns what mends it; nil for what only another manifest mends.
	breaks func(n *node) (mend func())
	// log are parts of what the log says, ready of what the readiness says; without any it is ready. FOLDER is that of the
	// Secret, PODS that of the pods, STATE that of the state.
	log, ready []string
	// holds is true if nothing arrives meanwhile.
	holds bool
}

var troubles = []trouble{
	{
		name: "the Secret is missing", backend: "otlp",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_OTLP_URL="+n.guarded(n.backend.HTTPURL(), "Bearer of-a-secret"), "TRIBUTARY_OTLP_TOKEN_FILE="+n.secrets+"/token")
			return func() { n.secret("token=of-a-secret") }
		},
		log:   []string{"Credentials are missing", "FOLDER/token: no such file or directory: FOLDER is empty; in Kubernetes create the Secret that is mounted there"},
		ready: []string{"extension:bearertokenauth/otlp", "FOLDER/token: no such file or directory"}, holds: true,
	},
	{
		name: "the Secret is not mounted", backend: "otlp",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_OTLP_URL="+n.guarded(n.backend.HTTPURL(), "Bearer of-a-secret"), "TRIBUTARY_OTLP_TOKEN_FILE="+n.secrets+"/no/token")
			return func() {
				require.NoError(n.t, os.Mkdir(n.secrets+"/no", 0o755))
				n.secret("no/token=of-a-secret")
			}
		},
		log: []string{"there is no folder FOLDER/no either; in Kubernetes mount the Secret there"}, ready: []string{"FOLDER/no/token: no such file"}, holds: true,
	},
	{
		name: "a key of the Secret has a wrong name", backend: "loki",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_LOKI_URL="+n.guarded(n.loki.URL(), basic("somebody", "of-a-secret")),
				"TRIBUTARY_LOKI_USER_FILE="+n.secrets+"/username", "TRIBUTARY_LOKI_PASSWORD_FILE="+n.secrets+"/password")
			n.secret("username=somebody", "pasword=of-a-secret")
			return func() { n.secret("password=of-a-secret") }
		},
		log:   []string{"FOLDER/password: no such file or directory: in FOLDER there is pasword, username; in Kubernetes the Secret needs the key of this name"},
		ready: []string{"extension:basicauth/loki", "in FOLDER there is pasword, username", "exporter:loki"}, holds: true,
	},
	{
		name: "a key of the Secret is empty", backend: "grafana-cloud",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_GRAFANA_CLOUD_URL="+n.guarded(n.backend.HTTPURL(), basic("1234", "of-a-secret")),
				"TRIBUTARY_GRAFANA_CLOUD_USER=1234", "TRIBUTARY_GRAFANA_CLOUD_TOKEN_FILE="+n.secrets+"/token")
			n.secret("token=")
			return func() { n.secret("token=of-a-secret") }
		},
		log: []string{"read FOLDER/token: the file is empty"}, ready: []string{"extension:basicauth/grafana_cloud", "the file is empty"}, holds: true,
	},
	{
		name: "the certificates are missing", backend: "otlp",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_OTLP_CA_FILE=" + n.secrets + "/ca.crt")
			return func() { n.secret("ca.crt=" + string(kubeapi.StartTLS(n.t).CA())) }
		},
		log:   []string{"The certificates that are to be trusted are missing", "open FOLDER/ca.crt: no such file or directory"},
		ready: []string{"exporter:otlp_http", "open FOLDER/ca.crt: no such file or directory"}, holds: true,
	},
	{
		name: "the backend is away", backend: "otlp",
		breaks: func(n *node) func() {
			n.backend.SetFault(testkit.Fault{HTTPStatus: http.StatusServiceUnavailable})
			return n.backend.ClearFault
		},
		log:   []string{"Nothing is delivered; log records stay in the log files until the backend answers", "Exporting failed. Will retry the request after interval."},
		ready: []string{"receiver:pod_logs", "nothing is delivered since", "the log of the exporter says why"}, holds: true,
	},
	{
		name: "the backend knows nobody", backend: "otlp",
		breaks: func(n *node) func() {
			n.backend.SetFault(testkit.Fault{HTTPStatus: http.StatusUnauthorized})
			return n.backend.ClearFault
		},
		log: []string{"Log records are not accepted"}, ready: []string{"receiver:pod_logs", "HTTP Status Code 401"}, holds: true,
	},
	{
		name: "the node has no log folder", backend: "otlp",
		breaks: func(n *node) func() {
			require.NoError(n.t, os.Rename(n.c.PodLogs(), n.c.PodLogs()+"-not-mounted"))
			return func() { require.NoError(n.t, os.Rename(n.c.PodLogs()+"-not-mounted", n.c.PodLogs())) }
		},
		log: []string{"there is no such folder; it is looked for again"}, ready: []string{"open PODS: no such file or directory", "hostPath in Kubernetes"}, holds: true,
	},
	{
		name: "only another user may look into the log folder", backend: "otlp",
		breaks: func(n *node) func() {
			require.NoError(n.t, os.Chmod(n.c.PodLogs(), 0o700))
			return func() { require.NoError(n.t, os.Chmod(n.c.PodLogs(), 0o755)) }
		},
		log:   []string{"cannot be read; it is tried again", "PODS is drwx------ of user 0, group 0; the collector is user 65532, groups 0: run it as user 0 (Kubernetes: `runAsUser: 0`, without any capability)"},
		ready: []string{"PODS is drwx------ of user 0"}, holds: true,
	},
	{
		name: "only another user may read a file, as CRI-O has it", backend: "otlp",
		breaks: func(n *node) func() {
			n.prints(closed, "of a closed file")
			file := closed.LogPath(n.c.PodLogs())
			require.NoError(n.t, os.Chmod(file, 0o600))
			return func() {
				require.NoError(n.t, os.Chmod(file, 0o640))
				n.arrives("what is in the file", "of a closed file")
			}
		},
		log:   []string{"cannot be read; it is tried again", "closed-0_c3d4/main/0.log is -rw------- of user 0, group 0; the collector is user 65532, groups 0: run it as user 0"},
		ready: []string{"receiver:pod_logs", "closed-0_c3d4/main/0.log: permission denied", "runAsUser: 0"},
	},
	{
		name: "the state folder is read-only", backend: "otlp",
		breaks: (*node).readOnlyState,
		log:    []string{"Checkpoints are in memory only", "read-only file system; mount the file system so that it can be written"},
		ready:  []string{"extension:checkpoint_storage", "read-only file system"},
	},
	{
		name: "the state folder is another user's", backend: "otlp",
		breaks: func(n *node) func() {
			require.NoError(n.t, os.Chmod(n.state(), 0o700))
			return func() { require.NoError(n.t, os.Chown(n.state(), testkit.PodUser, testkit.PodGroup)) }
		},
		log: []string{"Checkpoints are in memory only", "permission denied; let user 65532 write into the folder"}, ready: []string{"extension:checkpoint_storage", "let user 65532 write"},
	},
	{
		name: "there is no state folder, and nobody may make one", backend: "otlp",
		breaks: func(n *node) func() {
			require.NoError(n.t, os.Chmod(n.state(), 0o755))
			n.c.Set("TRIBUTARY_STATE=" + n.state() + "/not/mounted")
			return func() { require.NoError(n.t, os.Chmod(filepath.Dir(filepath.Dir(n.state())), 0o777)) }
		},
		log: []string{"Checkpoints are in memory only", "let user 65532 write into the folder"}, ready: []string{"extension:checkpoint_storage"},
	},
	{
		name: "no right at the API server", backend: "otlp",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_METADATA_TIMEOUT=1s")
			n.api.SetFault(kubeapi.Fault{Status: http.StatusForbidden})
			return n.api.ClearFault
		},
		log:   []string{`a ClusterRole of the service account needs the rule {apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}`},
		ready: []string{"extension:k8s_pods", "403 Forbidden", "needs the rule"},
	},
	{
		name: "no token", backend: "otlp",
		breaks: func(n *node) func() {
			if _, err := os.Stat("/var/run/secrets/kubernetes.io/serviceaccount/token"); err == nil {
				n.t.Skip("this is a pod that has one")
			}
			n.c.Set("TRIBUTARY_METADATA_TIMEOUT=1s", "TRIBUTARY_K8S_AUTH=serviceAccount", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=1")
			return nil
		},
		log:   []string{"serviceaccount/token: no such file or directory; the pod needs `automountServiceAccountToken: true`"},
		ready: []string{"extension:k8s_pods", "automountServiceAccountToken: true"},
	},
	{
		name: "no token, and none is wanted", backend: "otlp",
		breaks: func(n *node) func() {
			n.c.Set("TRIBUTARY_METADATA=none", "TRIBUTARY_METADATA_TIMEOUT=1h", "TRIBUTARY_K8S_AUTH=serviceAccount")
			delete(n.c.Env, "KUBECONFIG")
			return func() { assert.NotContains(n.t, n.p.Stderr(), "\twarn\t") }
		},
	},
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// What is wrong with a pod is said in its log and in its readiness, and costs no line.
func TestKubernetesTrouble(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can take rights from a pod")
	}
	for _, tt := range troubles {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := newTroubledNode(t, tt.backend)
			n.prints(web, "from before")
			for folder := filepath.Dir(web.LogPath(n.c.PodLogs())); folder != n.c.PodLogs(); folder = filepath.Dir(folder) {
				require.NoError(t, os.Chmod(folder, 0o755))
			}
			mend := tt.breaks(n)
			n.start()
			if !tt.holds {
				n.arrives("what can be shipped", "from before")
			}
			for _, part := range tt.log {
				n.p.WaitOutput(t, n.named(part), testkit.DeliverTimeout)
			}
			n.waitReadiness(tt.ready)
			if tt.holds {
				assert.Empty(t, n.has(), "nothing is delivered")
			}
			assert.False(t, n.p.Exited(), "it ended")
			if mend != nil {
				mend()
				n.waitReadiness(nil)
			}
			n.prints(late, "from afterwards")
			require.NoError(t, os.Chmod(n.c.PodLogs()+"/shop_late-0_e5f6", 0o755))
			n.arrives("everything", "from before", "from afterwards")
			n.p.Stop(t)
			assert.Zero(t, n.strangers.Load(), "requests without credentials")
			for _, line := range n.has() {
				assert.NotContains(t, line, "of-a-secret")
			}
			assert.NotContains(t, n.p.Stdout()+n.p.Stderr(), "of-a-secret")
		})
	}
}

// waitReadiness waits for 500 with these parts, or for 200 without any.
func (n *node) waitReadiness(parts []string) {
	n.t.Helper()
	want := http.StatusOK
	if len(parts) > 0 {
		want = http.StatusInternalServerError
	}
	var code int
	var says, missing string
	defer func() {
		if n.t.Failed() {
			n.t.Logf("readiness: %d, without %q: %s", code, missing, says)
		}
	}()
	// What the API server refuses is asked for again after up to 45 s, twice.
	testkit.Eventually(n.t, 3*testkit.DeliverTimeout, "the readiness to be what it is", func() bool {
		code, says = n.readiness()
		missing = ""
		for _, part := range parts {
			if !n.inJSON(says, n.named(part)) {
				missing = part
			}
		}
		return code == want && missing == ""
	})
	assert.NotContains(n.t, says, "of-a-secret")
}
