// SPDX-License-Identifier: Apache-2.0

package loki

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// shared and sharedTenants are the Lokis of SharedLoki and SharedTenants, once they were asked for.
var shared, sharedTenants sharedServer

type sharedServer struct {
	mu   sync.Mutex
	loki *Loki
	life *lifetime
}

// SharedLoki returns a Loki with the default limits and without tenants that all tests of the process share, so that it
// is started once. A test tells its lines apart by a label with the value Unique. It must not be stopped; RunTests does.
func SharedLoki(t testing.TB) *Loki {
	t.Helper()
	return shared.get(t, Options{})
}

// SharedTenants is SharedLoki with tenants, of which each has the default limits. A test uses tenants named Unique.
func SharedTenants(t testing.TB) *Loki {
	t.Helper()
	return sharedTenants.get(t, Options{MultiTenant: true})
}

// get returns the shared Loki, and starts it first when nobody has asked before.
func (s *sharedServer) get(t testing.TB, options Options) *Loki {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loki == nil {
		life := &lifetime{TB: t}
		// A start that fails ends the test from within.
		defer func() {
			if s.loki == nil {
				life.end()
			}
		}()
		s.loki = StartLoki(life, options)
		s.life = life
	}
	loki := s.loki
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the shared Loki logged at last:\n%s", tail(loki.Output(), 60))
		}
	})
	return loki
}

// end stops the shared Loki, if there is one.
func (s *sharedServer) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loki != nil {
		s.life.end()
		s.loki = nil
	}
}

// Unique makes a name out of that of the test, for a label or a tenant that no other test uses, nor the same test when it
// runs once more. It consists of letters, digits and hyphens and has at most 100 bytes.
func Unique(t testing.TB) string {
	name := strings.Trim(notInNames.ReplaceAllString(t.Name(), "-"), "-")
	return fmt.Sprintf("%.80s-%d", name, uniques.Add(1))
}

var (
	notInNames = regexp.MustCompile(`[^a-zA-Z0-9]+`)
	uniques    atomic.Int64
)

// RunTests is the tests of a package as TestMain knows them, with the end of what they shared behind them:
// goleak.VerifyTestMain(loki.RunTests{M: m}).
type RunTests struct{ M *testing.M }

// Run runs the tests and stops what they shared.
func (r RunTests) Run() int {
	code := r.M.Run()
	shared.end()
	sharedTenants.end()
	return code
}

// lifetime is a test that ends with the process instead of the test that it began in. That one is failed and skipped
// until the start has succeeded, and not used later.
type lifetime struct {
	testing.TB
	cleanups []func()
}

// Cleanup keeps f for the end of the process.
func (l *lifetime) Cleanup(f func()) { l.cleanups = append(l.cleanups, f) }

// Failed is false: each test that uses the shared Loki shows its output itself.
func (*lifetime) Failed() bool { return false }

// TempDir makes a folder that lasts as long as the process.
func (l *lifetime) TempDir() string {
	folder, err := os.MkdirTemp("", "shared-loki-")
	if err != nil {
		l.Fatalf("make a folder for the shared Loki: %v", err)
	}
	l.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, "remove the folder of the shared Loki:", err)
		}
	})
	return folder
}

// end undoes everything in reverse order.
func (l *lifetime) end() {
	for _, cleanup := range slices.Backward(l.cleanups) {
		cleanup()
	}
	l.cleanups = nil
}
