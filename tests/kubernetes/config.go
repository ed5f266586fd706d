// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
)

// Config is how the administrator asks the API server, for clients of another kind than Admin. It is a copy of the caller's own,
// and does not limit the number of requests.
func (c *Cluster) Config(t testing.TB) *rest.Config {
	t.Helper()
	config := &rest.Config{Host: c.URL(), QPS: -1, Timeout: requestTimeout}
	for file, data := range map[string]*[]byte{"ca.crt": &config.CAData, "admin.crt": &config.CertData, "admin.key": &config.KeyData} {
		var err error
		*data, err = os.ReadFile(filepath.Join(c.folder, file))
		must(t, "read", file, err)
	}
	return config
}
