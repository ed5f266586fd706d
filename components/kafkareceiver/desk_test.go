// SPDX-License-Identifier: Apache-2.0

package kafkareceiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tributary-otel/tributary/components/internal/outlet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend is the pipeline behind the desk.
type backend struct {
	answer func(ctx context.Context, bodies []string) error

	mu       sync.Mutex
	attempts int
	accepted []string
}

func (*backend) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func (b *backend) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	bodies := texts(logs)
	b.mu.Lock()
	b.attempts++
	b.mu.Unlock()
	err := b.answer(ctx, bodies)
	logs.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true }) // It is its own.
	if err == nil {
		b.mu.Lock()
		b.accepted = append(b.accepted, bodies...)
		b.mu.Unlock()
	}
	return err
}

func newTestDesk(t *testing.T, b *backend) (d *desk, letters string) {
	letters = filepath.Join(t.TempDir(), "kafka.jsonl")
	d, err := newDesk(outlet.Options{
		Settings: receivertest.NewNopSettings(component.MustNewType("kafka")), Next: b, Where: "Kafka", Uncounted: true,
		DeadLetter: outlet.DeadLetterConfig{Path: letters, MaxBytes: 1 << 20},
	})
	require.NoError(t, err)
	return d, letters
}

// batch has a resource for each text, and a record for each word in it.
func batch(resources ...string) plog.Logs {
	logs := plog.NewLogs()
	for n, text := range resources {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.SetSchemaUrl("schema")
		resource.Resource().Attributes().PutInt("n", int64(n))
		scope := resource.ScopeLogs().AppendEmpty()
		scope.Scope().SetName("scope")
		for _, word := range strings.Fields(text) {
			scope.LogRecords().AppendEmpty().Body().SetStr(word)
		}
	}
	return logs
}

func texts(logs plog.Logs) (bodies []string) {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				bodies = append(bodies, record.Body().Str())
			}
		}
	}
	return bodies
}

func TestAMessageWaitsUntilItIsDelivered(t *testing.T) {
	for name, err := range map[string]error{
		"a backend that is away":                  errors.New("connection refused"),
		"a wrong token":                           consumererror.NewPermanent(status.Error(codes.Unauthenticated, "no")),
		"a wrong path":                            consumererror.NewPermanent(status.Error(codes.Unimplemented, "no")),
		"a status that nobody knows":              consumererror.NewPermanent(errors.New("418")),
		"one that refuses everything":             consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no")),
		"a Kafka behind, to which it's too large": consumererror.NewPermanent(kerr.MessageTooLarge),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b := &backend{answer: func(context.Context, []string) error {
					if time.Since(began) < 10*time.Minute {
						return err
					}
					return nil
				}}
				d, letters := newTestDesk(t, b)
				require.NoError(t, d.ConsumeLogs(t.Context(), batch("one two", "three")))
				assert.ElementsMatch(t, []string{"one", "two", "three"}, b.accepted)
				assert.NoFileExists(t, letters)
				require.NoError(t, d.close(t.Context()))
			})
		})
	}
}

func TestWhatIsRefusedAloneIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{answer: func(_ context.Context, bodies []string) error {
			if strings.Contains(strings.Join(bodies, " "), "bad") {
				return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "too old"))
			}
			return nil
		}}
		d, letters := newTestDesk(t, b)
		require.NoError(t, d.ConsumeLogs(t.Context(), batch("one two bad three", "four")))
		require.NoError(t, d.close(t.Context()))
		assert.ElementsMatch(t, []string{"one", "two", "three", "four"}, b.accepted)
		text, err := os.ReadFile(letters)
		require.NoError(t, err)
		assert.Contains(t, string(text), `"resource":{"n":"0"},"body":"bad"`)
		assert.Contains(t, string(text), "too old")
		assert.Equal(t, 1, strings.Count(string(text), "\n"))
	})
}

func TestNobodyWaitsForAPartitionThatIsGone(t *testing.T) {
	lost := errors.New("lost")
	for _, tt := range []struct {
		name string
		// takes is how long an attempt takes, and fails whether it fails then. It heeds the end of its context.
		takes time.Duration
		fails bool
		// within is when the message is answered after the partition is gone.
		within    time.Duration
		delivered bool
	}{
		{"between two attempts", 0, true, 0, false},
		{"during an attempt that succeeds", 2 * time.Second, false, grace, true},
		{"during an attempt that fails", 2 * time.Second, true, grace, false},
		{"during an attempt that hangs", time.Hour, false, grace, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{answer: func(ctx context.Context, _ []string) error {
					select {
					case <-time.After(tt.takes):
					case <-ctx.Done():
						return ctx.Err()
					}
					if tt.fails {
						return errors.New("unavailable")
					}
					return nil
				}}
				d, _ := newTestDesk(t, b)
				ctx, cancel := context.WithCancelCause(t.Context())
				var gone time.Time
				go func() {
					<-time.After(time.Second)
					gone = time.Now()
					cancel(lost)
				}()
				err := d.ConsumeLogs(ctx, batch("one"))
				assert.LessOrEqual(t, time.Since(gone), tt.within)
				if tt.delivered {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, lost)
				}
				attempts := b.attempts
				<-time.After(time.Hour)
				assert.Equal(t, attempts, b.attempts, "it is not tried again")
				require.NoError(t, d.close(t.Context()))
			})
		})
	}
}

func TestAnEmptyMessageIsDelivered(t *testing.T) {
	b := &backend{answer: func(context.Context, []string) error { return errors.New("nobody is asked") }}
	d, _ := newTestDesk(t, b)
	require.NoError(t, d.ConsumeLogs(t.Context(), plog.NewLogs()))
	require.NoError(t, d.close(t.Context()))
}

func TestAPartHasTheResourcesOfItsRecords(t *testing.T) {
	all := []string{"a", "b", "c", "d", "e", "f"}
	for n := 1; n < len(all); n++ {
		first, rest := (&parcel{logs: batch("a b c", "d", "e f")}).Split(n)
		assert.Equal(t, all[:n], texts(first.logs))
		assert.Equal(t, all[n:], texts(rest.logs))
		for _, part := range []*parcel{first, rest} {
			for _, resource := range part.logs.ResourceLogs().All() {
				scope := resource.ScopeLogs().At(0)
				word := scope.LogRecords().At(0).Body().Str()
				number, _ := resource.Resource().Attributes().Get("n")
				want := map[string]int64{"a": 0, "b": 0, "c": 0, "d": 1, "e": 2, "f": 2}[word]
				assert.Equal(t, want, number.Int(), word)
				assert.Equal(t, "schema", resource.SchemaUrl())
				assert.Equal(t, "scope", scope.Scope().Name())
			}
		}
	}
}
